import assert from "node:assert/strict";
import { abfail } from "../support/abfail.ts";

/** Wrong in five places, some of them below others that are wrong. */
const WRONG = `[cluster]
name = "prod"
keys = ["c2hvcnQ="]
[[cluster.nodes]]
id = 1
adress = "10.0.1.10:7420"
[[cluster.nodes]]
id = 2
address = "10.0.2.10:7420"
[[cluster.nodes]]
id = 2
address = "10.0.3.10:7420"
[election]
lease = "10"
[[services]]
name = "web"
failback = "sometimes"
[services.check]
type = "http"
[[services.targets]]
name = "a"
address = "10.0.1.20"
`;

Deno.test("a wrong config: every error at once, with line, key, what is allowed, the nearest name", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  const file = `${folder}/wrong.toml`;
  try {
    await Deno.writeTextFile(file, WRONG, { mode: 0o600 });
    for (const command of ["check", "run"]) {
      await t.step(`abfail ${command}`, async () => {
        const ran = await abfail([command, "--config", file]);
        assert.equal(ran.code, 2, ran.stderr);
        assert.equal(ran.stdout, "");
        const said = ran.stderr;
        for (const line of [3, 6, 11, 14, 17]) {
          assert(said.includes(`wrong.toml:${line}`), `line ${line} is named:\n${said}`);
        }
        assert.match(said, /cluster\.keys.*32/);
        assert.match(said, /adress/);
        assert.match(said, /"?address"?\?/, "the nearest name");
        assert.match(said, /election\.lease/);
        assert.match(said, /"10s"|10s/, "a duration with a unit");
        assert.match(said, /services.*failback/);
        assert.match(said, /"?auto"?.*"?manual"?/, "what is allowed");
        assert(!said.includes("c2hvcnQ"), "not even a wrong key is printed");
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("init writes a config that check takes, with a key of its own and for the owner alone", async () => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  const file = `${folder}/abfail.toml`;
  try {
    const made = await abfail(["init", "--output", file]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const checked = await abfail(["check", "--config", file]);
    assert.equal(checked.code, 0, checked.stderr);
    const again = await abfail(["init", "--output", file]);
    assert.equal(again.code, 2, "an existing file is not overwritten");
    const key = /keys = \["(.+)"\]/.exec(await Deno.readTextFile(file))?.[1] ?? "";
    assert.equal(atob(key).length, 32);
    for (const text of [checked.stdout, checked.stderr, made.stdout, made.stderr]) {
      assert(!text.includes(key));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("wrong usage exits 2 and says what was meant", async () => {
  const slip = await abfail(["statsu"]);
  assert.equal(slip.code, 2);
  assert.match(slip.stderr, /status/);
  const none = await abfail([]);
  assert.equal(none.code, 2);
  const version = await abfail(["--version"]);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^abfail [0-9]+\.[0-9]+\.[0-9]+\n$/);
});
