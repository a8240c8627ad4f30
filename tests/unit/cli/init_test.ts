/** `abfail init`: what it makes of options and of answers, and that every outcome is right. */
import assert from "node:assert/strict";
import { configText, exampleConfig } from "../../../src/cli/example_config.ts";
import { askPlan } from "../../../src/cli/init_ask.ts";
import { type ConfigPlan, planOf, saysSomething } from "../../../src/cli/init_plan.ts";
import { INIT_PUBLISHERS, type InitOptions } from "../../../src/cli/options.ts";
import { parseToml } from "../../../src/config/toml.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { schemaFaults } from "../../support/json_schema.ts";
import { KEY, right } from "../config/sample.ts";

const NOTHING: InitOptions = {
  ...{ nodes: null, output: null, extra: null, name: null, node: [], service: null, check: null, target: [] },
  ...{ publisher: null, record: null, zone: null, server: null, yes: false },
};
const NODES = ["nyc1=10.0.1.10", "sfo2=10.0.2.10:7421", "[2001:db8::3]"];

function planned(options: Partial<InitOptions>): ConfigPlan {
  const read = planOf({ ...NOTHING, ...options });
  assert.ok(read.ok, read.ok ? "" : read.error.join("\n"));
  return read.value.plan;
}

function wrong(options: Partial<InitOptions>): string {
  const read = planOf({ ...NOTHING, ...options });
  assert.ok(!read.ok);
  return read.error.join("\n");
}

/** Faults by the schema that `abfail schema` prints. */
function faultsOf(text: string): string[] {
  const toml = parseToml(text);
  assert.ok(toml.ok);
  return schemaFaults(configSchema(), toml.value);
}

/** What `check` says is right, the schema accepts, and both as well with every line that is commented out. */
function assertRight(text: string): void {
  assert.deepEqual(faultsOf(text), []);
  right(text);
  const all = text.replaceAll(/^# (?=\[|[a-z_]+ = )/gm, "")
    .replace('on_all_down = "keep" ', 'on_all_down = "keep"');
  assert.deepEqual(faultsOf(all), []);
}

Deno.test("options become the config: nodes, check, targets, and each publisher", () => {
  for (const publisher of INIT_PUBLISHERS) {
    const plan = planned({
      ...{ name: "shop", node: NODES, service: "db", check: "tcp:5432", publisher, record: "db.example.com" },
      target: ["one=10.0.1.20,203.0.113.1", "two=10.0.2.20:5433,203.0.113.2"],
      server: publisher === "rfc2136" ? "ns.example.com:5353" : null,
    });
    const text = configText(plan, KEY);
    assertRight(text);
    const config = right(text);
    assert.deepEqual(config.cluster.nodes.map(({ zone, address }) => [zone, address.host, address.port]), [
      ...[["nyc1", "10.0.1.10", 7420], ["sfo2", "10.0.2.10", 7421], ["", "2001:db8::3", 7420]],
    ]);
    const [service] = config.services;
    assert.deepEqual([service?.name, service?.check.type], ["db", "tcp"]);
    assert.deepEqual(service?.targets.map((one) => [one.name, one.publish]), [
      ...[["one", "203.0.113.1"], ["two", "203.0.113.2"]],
    ]);
    assert.deepEqual(service?.publish.map(({ type, name }) => [type, name]), [[publisher, "db.example.com"]]);
  }
});

Deno.test("the example and every number of nodes fit the schema; the first line points editors to it", () => {
  for (const nodes of [2, 3, 5, 64]) assertRight(exampleConfig(nodes, KEY));
  assert.match(exampleConfig(3, KEY), /^#:schema abfail\.schema\.json\n/);
});

Deno.test("the schema rejects what is wrong: unknown keys, types, durations, choices, what is missing", () => {
  const example = exampleConfig(3, KEY);
  const changes: readonly (readonly [string, string])[] = [
    ["fall = 3", 'fall = "3"'],
    ["fall = 3", "fal = 3"],
    ['interval = "1s"', 'interval = "1"'],
    ['timing = "wan"', 'timing = "man"'],
    ['address = "10.0.1.20"', "address = 10"],
    ["id = 2\n", "id = 0\n"],
    ['type = "http"', 'type = "htp"'],
    ['type = "dns"', 'type = "dnss"'],
    ['name = "web.ha.example.com"\n', ""],
    ["[election]", "[elction]"],
  ];
  for (const [from, to] of changes) {
    assert.ok(example.includes(from), from);
    assert.notDeepEqual(faultsOf(example.replace(from, () => to)), [], `${from} -> ${to}`);
  }
});

Deno.test("what was not given is the example's, and is named", () => {
  const read = planOf({ ...NOTHING, node: NODES, publisher: "rfc2136" });
  assert.ok(read.ok);
  assert.deepEqual(read.value.examples, ["the targets", "the name that is published", "the name server"]);
  assert.equal(saysSomething(NOTHING), false);
  assert.equal(saysSomething({ ...NOTHING, record: "web.example.com" }), true);
});

Deno.test("everything that is wrong is said at once, each with how it is written", () => {
  const all = wrong({
    ...{ name: "a b", node: ["nyc1=", "x=10.0.0.300"], check: "htp:80", target: ["10.0.1.20"] },
    ...{ publisher: "digitalocean", record: "web" },
  });
  for (
    const part of [
      /--name: "a b": letters, digits/,
      /--node: there is no host[^\n]*nyc1=10\.0\.1\.10/,
      /--node: "10\.0\.0\.300" is neither/,
      /--check: "htp" is none of http[^\n]*did you mean http\?/,
      /--target: "10\.0\.1\.20" has no name[^\n]*nyc1=10\.0\.1\.20/,
      /--publisher: "digitalocean" is none of[^\n]*did you mean digitalocean-dns\?/,
      /--record: "web" is no full name/,
    ]
  ) assert.match(all, part);
});

Deno.test("every publisher that the config knows is written, or sent to the file", () => {
  const services =
    (configSchema()["properties"] as Record<string, { items: { properties: { publish: unknown } } }>)[
      "services"
    ];
  const known = [
    ...JSON.stringify(services?.items.properties.publish).matchAll(/"type":\{[^{}]*"const":"([a-z0-9-]+)"/g),
  ];
  assert.ok(known.length >= 14, String(known.length));
  for (const [, type = ""] of known) {
    if (INIT_PUBLISHERS.some((one) => one === type)) continue;
    assert.match(wrong({ publisher: type }), /needs more than init asks for/, type);
  }
});

Deno.test("what does not fit together is refused", () => {
  assert.match(wrong({ node: ["10.0.1.10"] }), /one node is no cluster/);
  assert.match(wrong({ target: ["a=10.0.1.10"] }), /nothing to fail over to/);
  assert.match(wrong({ record: "web.example.com", zone: "example.org" }), /not in the zone/);
  assert.match(wrong({ check: "tcp" }), /a port is needed: tcp:PORT/);
  assert.match(wrong({ check: "tcp:5432/x" }), /tcp has no path/);
  assert.match(wrong({ check: "http:70000" }), /no port/);
  assert.match(wrong({ check: "dns" }), /needs more than init asks for/);
  assert.match(wrong({ publisher: "route53" }), /needs more than init asks for/);
  assert.match(wrong({ server: "10.0.0.1" }), /only for --publisher rfc2136/);
  assert.match(wrong({ node: NODES, nodes: 3 }), /not together/);
  const mixed = ["a=10.0.1.10", "b=10.0.2.10,b.example.com"];
  assert.match(wrong({ target: mixed, publisher: "gandi" }), /the same kind/);
});

/** A terminal at which these lines are typed. */
function typist(
  lines: readonly (string | null)[],
): { shown: string; ask: (q: string) => Promise<string | null>; say: (t: string) => void } {
  const left = [...lines];
  const terminal = {
    shown: "",
    ask: (question: string): Promise<string | null> => {
      assert.ok(left.length > 0, `nothing was typed for: ${question}`);
      terminal.shown += question;
      return Promise.resolve(left.shift() ?? null);
    },
    say: (text: string): void => void (terminal.shown += `${text}\n`),
  };
  return terminal;
}

Deno.test("at a terminal, Enter takes what is offered: targets on the first two nodes", async () => {
  const terminal = typist([
    "",
    "nyc1=10.0.1.10",
    "sfo2=10.0.2.10",
    "home=10.0.3.10",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
  ]);
  const plan = await askPlan(terminal);
  assert.ok(plan !== null);
  const config = right(configText(plan, KEY));
  assert.deepEqual(config.services[0]?.targets.map(({ name, publish }) => [name, publish]), [
    ...[["nyc1", "10.0.1.10"], ["sfo2", "10.0.2.10"]],
  ]);
  assert.deepEqual([plan.cluster, plan.publisher, plan.record], ["prod", "dns", "web.ha.example.com"]);
});

Deno.test("a wrong answer is told and asked again; the end of the input writes nothing", async () => {
  const terminal = typist([
    ...["my shop", "shop", "", "10.0.1.300", "a=10.0.1.10", "b=10.0.2.10", "", "db", "tcp/x", "tcp:5432"],
    ...["", "b=10.0.2.20", "", "bind", "rfc2136", "db", "db.example.com", "", "", "10.0.4.53"],
  ]);
  const plan = await askPlan(terminal);
  assert.ok(plan !== null);
  const [service] = right(configText(plan, KEY)).services;
  assert.deepEqual(service?.publish.map(({ type, name }) => [type, name]), [["rfc2136", "db.example.com"]]);
  for (
    const told of [
      "letters, digits",
      "an answer is needed",
      "10.0.1.300",
      "tcp has no path",
      "is none of dns",
    ]
  ) {
    assert.ok(terminal.shown.includes(told), `${told}\n${terminal.shown}`);
  }
  assert.equal(await askPlan(typist(["shop", null])), null);
});

Deno.test("answers that do not fit together are asked for again, all of them", async () => {
  const all = [
    "",
    "a=10.0.1.10",
    "b=10.0.2.10",
    "c=10.0.3.10",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "web.example.com",
  ];
  const terminal = typist([...all, "example.org", ...all, ""]);
  assert.equal((await askPlan(terminal))?.zone, "example.com");
  assert.match(terminal.shown, /does not fit together:\n.*not in the zone example\.org/);
});
