import assert from "node:assert/strict";
import { durationText, parseDuration } from "../../../src/config/duration.ts";
import { nearest } from "../../../src/config/suggest.ts";
import { wrong } from "./sample.ts";
import { isHostName, isLoopback, isUnspecified } from "../../../src/config/address.ts";

Deno.test("durations: units, fractions, sums from large to small", () => {
  const ms = (text: string): number | string => {
    const read = parseDuration(text);
    return read.ok ? read.value : read.error.kind;
  };
  assert.equal(ms("250ms"), 250);
  assert.equal(ms("1.5s"), 1500);
  assert.equal(ms("1.1s"), 1100);
  assert.equal(ms("2m"), 120_000);
  assert.equal(ms("24h"), 86_400_000);
  assert.equal(ms("1m30s"), 90_000);
  assert.equal(ms("0s"), 0);
  assert.equal(ms("10"), "no-unit");
  for (const bad of ["", "s", "-1s", "1 s", "30s1m", "1s1s", "1e3s", "1.s", "10x", "1sec"]) {
    assert.equal(ms(bad), "not-a-duration", bad);
  }
});

Deno.test("durations are written short", () => {
  assert.deepEqual([250, 1000, 1500, 90_000, 3_600_000, 1030, 0].map(durationText), [
    "250ms",
    "1s",
    "1.5s",
    "90s",
    "1h",
    "1030ms",
    "0ms",
  ]);
});

Deno.test("the nearest word: a slip, another style, swapped letters; none for something else", () => {
  const known = ["interval", "fast_interval", "timeout", "fall", "rise"];
  assert.equal(nearest("intervall", known), "interval");
  assert.equal(nearest("fastInterval", known), "fast_interval");
  assert.equal(nearest("tiemout", known), "timeout");
  assert.equal(nearest("fal", known), "fall");
  assert.equal(nearest("address", known), null);
});

Deno.test("host names, loopback and wildcard addresses are told apart", () => {
  for (const name of ["a", "a.example.com", "a.example.com.", "xn--bcher-kva.example", "_dmarc.x"]) {
    assert.ok(isHostName(name), name);
  }
  for (const name of ["", "10.0.0.300", "a..b", "-a.b", "a b", "a/b", "bücher.example"]) {
    assert.ok(!isHostName(name), name);
  }
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) assert.ok(isLoopback(host), host);
  for (const host of ["10.0.0.1", "::", "example.com"]) assert.ok(!isLoopback(host), host);
  for (const host of ["0.0.0.0", "::", "0:0::0"]) assert.ok(isUnspecified(host), host);
  assert.ok(!isUnspecified("::1"));
});

Deno.test("broken TOML shows the line without what may be a secret in it, quoted or not", () => {
  const secrets = ["YW4gb3JkaW5hcnkga2V5IG9mIHRoaXJ0eS10d28gYnk=", "short-secret-9"];
  for (const secret of secrets) {
    for (
      const line of [
        `token = ${secret}`,
        `keys = ["${secret}`,
        `transfer_key = "${secret}`,
        `url = ${secret}`,
      ]
    ) {
      const said = wrong(`[cluster]\n${line}\n`).join("\n");
      assert(!said.includes(secret), said);
      assert.match(said, /this is not TOML/);
    }
  }
  assert.match(wrong(`x = ${secrets[0]}\n`).join("\n"), /x = "\*{44}"/);
  assert.match(wrong("interval = 10s\n").join("\n"), /interval = "10s"/);
});

Deno.test("a slip repeated a thousand times is told so often, and how many more there are", () => {
  const said = wrong("[election]\n" + Array.from({ length: 1000 }, (_, i) => `no_such_${i} = 1\n`).join(""));
  assert.equal(said.length, 201);
  assert.match(said.at(-1) ?? "", /^ *:? ?and \d+ more$/);
});

Deno.test("a key of a hundred thousand parts is refused like any unknown one", () => {
  const said = wrong(`${"a.".repeat(100_000)}a = 1\n`);
  assert(said.some((problem) => problem.startsWith("1: a:")), said.join("\n").slice(0, 300));
});
