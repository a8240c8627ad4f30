import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../src/config/parse.ts";
import { mapLines } from "../../src/config/lines.ts";
import { explainProblem } from "../../src/config/problem.ts";
import { durationText, parseDuration } from "../../src/config/duration.ts";
import { nearest } from "../../src/config/suggest.ts";
import { CLUSTER, DNS, KEY, right, service, world } from "../unit/config/sample.ts";

const SAMPLE = CLUSTER + DNS +
  service({ rest: '[[services.publish]]\ntype = "dns"\nname = "web.ha.example.com"' });

/** Texts that are nearly configs: bits of one, cut, moved and mixed with others. */
const nearlyConfig = fc.array(
  fc.oneof(
    fc.constantFrom(...SAMPLE.split("\n")),
    fc.constantFrom(
      "[",
      "]]",
      "{",
      '"""',
      "'",
      "=",
      "a.b.c = [[{x = 1}]]",
      "[services]",
      "x = 1979-05-27",
      "nodes = 1",
    ),
    fc.string({ unit: "binary", maxLength: 20 }),
  ),
  { maxLength: 40 },
).map((lines) => lines.join("\n"));

Deno.test("no text makes the parser throw, and every problem can be said", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), nearlyConfig), (text) => {
      const parsed = parseConfig(text, "f", world());
      if (parsed.ok) return;
      assert.ok(parsed.error.length > 0);
      const lines = text.split("\n").length;
      for (const problem of parsed.error) {
        assert.ok(explainProblem(problem).startsWith("f"));
        assert.ok(
          problem.line === null || (problem.line >= 1 && problem.line <= lines + 1),
          String(problem.line),
        );
      }
    }),
    { numRuns: 600 },
  );
});

Deno.test("any value under any key is taken or reported, never thrown at", () => {
  const keys = [...SAMPLE.matchAll(/^([a-z_]+) = .*$/gm)].map((match) => match[0]);
  const value = fc.constantFrom(
    "1",
    "-1",
    "1.5",
    "true",
    '""',
    '"x"',
    "[]",
    "[[]]",
    "[1]",
    "{}",
    "{ a = {} }",
    "inf",
    "1979-05-27",
    '["x", 1]',
  );
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, (line, other) => {
      const key = line.split(" ")[0] ?? "";
      const parsed = parseConfig(SAMPLE.replace(line, `${key} = ${other}`), "f", world());
      if (parsed.ok) return;
      for (const problem of parsed.error) assert.ok(explainProblem(problem).length > 10);
    }),
    { numRuns: 300 },
  );
});

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
const octet = fc.integer({ min: 1, max: 254 });
const ipv4 = fc.tuple(octet, octet, octet).map(([a, b, c]) => `10.${a}.${b}.${c}`);
const ms = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** A config as plain data. */
const model = fc.record({
  name: label,
  ids: fc.uniqueArray(ms(1, 65535), { minLength: 3, maxLength: 5 }),
  leaseMs: ms(60, 60_000),
  services: fc.uniqueArray(
    fc.record({
      name: label,
      intervalMs: ms(10, 100_000),
      timeoutMs: ms(10, 60_000),
      fall: ms(1, 100),
      observers: fc.constantFrom<"majority" | "all" | 2>("majority", "all", 2),
      targets: fc.uniqueArray(fc.record({ name: label, address: ipv4, port: ms(1, 65535) }), {
        minLength: 1,
        maxLength: 3,
        selector: ({ name }) => name,
      }),
      ttlS: ms(0, 3600),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
});

type Model = typeof model extends fc.Arbitrary<infer M> ? M : never;

function asToml(m: Model): string {
  const lines = ["[cluster]", `name = "${m.name}"`, `keys = ["${KEY}"]`];
  m.ids.forEach((id, i) =>
    lines.push("[[cluster.nodes]]", `id = ${id}`, `address = "node${i}.example.com:7420"`)
  );
  lines.push("[election]", `lease = "${durationText(m.leaseMs)}"`, 'heartbeat = "20ms"', DNS);
  for (const s of m.services) {
    lines.push("[[services]]", `name = "${s.name}"`, `observers = ${JSON.stringify(s.observers)}`);
    lines.push("[services.check]", 'type = "tcp"', `interval = "${durationText(s.intervalMs)}"`);
    lines.push(`timeout = "${s.timeoutMs}ms"`, `fall = ${s.fall}`);
    for (const t of s.targets) {
      lines.push("[[services.targets]]", `name = "${t.name}"`, `address = "${t.address}:${t.port}"`);
    }
    lines.push(
      "[[services.publish]]",
      'type = "dns"',
      `name = "${s.name}.ha.example.com"`,
      `ttl = "${s.ttlS}s"`,
    );
  }
  return lines.join("\n");
}

Deno.test("a config that is right reads back as what was written", () => {
  fc.assert(
    fc.property(model.filter((m) => m.services.every((s) => s.name !== "ns1")), (m) => {
      const config = right(asToml(m));
      assert.equal(config.cluster.name, m.name);
      assert.deepEqual(config.cluster.nodes.map(({ id }) => id), m.ids);
      assert.equal(config.election.leaseMs, m.leaseMs);
      assert.deepEqual(
        config.services.map(({ name, check, observers, targets, publish }) => ({
          name,
          intervalMs: check.intervalMs,
          timeoutMs: check.timeoutMs,
          fall: check.fall,
          observers,
          targets: targets.map(({ name: target, address, port }) => ({ name: target, address, port })),
          ttlS: publish[0]?.type === "dns" ? publish[0].ttlMs / 1000 : null,
        })),
        m.services.map((s) => ({ ...s, targets: s.targets.map((t) => ({ ...t })) })),
      );
    }),
    { numRuns: 200 },
  );
});

Deno.test("durations read back as they are written", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
    assert.deepEqual(parseDuration(durationText(value)), { ok: true, value });
  }));
});

Deno.test("one slip in a known key still finds it", () => {
  const keys = [
    "interval",
    "fast_interval",
    "timeout",
    "expect_status",
    "follow_redirects",
    "observers",
    "failback_delay",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      fc.nat(),
      fc.constantFrom("drop", "double", "swap"),
      (key, at, slip) => {
        const i = at % (key.length - 1);
        const typed = slip === "drop"
          ? key.slice(0, i) + key.slice(i + 1)
          : slip === "double"
          ? key.slice(0, i + 1) + key.slice(i)
          : key.slice(0, i) + key[i + 1] + key[i] + key.slice(i + 2);
        assert.equal(nearest(typed, keys), key);
      },
    ),
  );
});

Deno.test("the line scanner ends on any text, and finds each line of a shifted config", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(mapLines(text).lineOf(["\u0000 no such key"]), null);
  }));
  fc.assert(fc.property(fc.nat({ max: 50 }), (shift) => {
    const lines = mapLines("# x\n".repeat(shift) + SAMPLE);
    const line = lines.lineOf(["services", 0, "check", "port"]) ?? 0;
    assert.equal(SAMPLE.split("\n")[line - shift - 1], "port = 80");
  }));
});
