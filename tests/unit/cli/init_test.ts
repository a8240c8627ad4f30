/** `abfail init`: what it makes of options and of answers, and that every outcome is right. */
import assert from "node:assert/strict";
import { configText, exampleConfig } from "../../../src/cli/example_config.ts";
import { askPlan } from "../../../src/cli/init_ask.ts";
import { type ConfigPlan, planOf, saysSomething } from "../../../src/cli/init_plan.ts";
import { flagOf, PUBLISHER_NEEDS } from "../../../src/cli/init_details.ts";
import {
  DETAIL_KEYS,
  INIT_PUBLISHERS,
  type InitOptions,
  type InitPublisher,
} from "../../../src/cli/options.ts";
import { parseToml } from "../../../src/config/toml.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { schemaFaults } from "../../support/json_schema.ts";
import { KEY, right } from "../config/sample.ts";

const NOTHING: InitOptions = {
  ...{ nodes: null, output: null, extra: null, name: null, node: [], service: null, check: null, target: [] },
  ...{ publisher: null, record: null, zone: null, details: {}, machine: [], tokenFile: null, tokenEnv: null },
  yes: false,
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

/** What the options of each kind of publisher are in the test below: beside the name, all that it needs. */
const GIVEN: Readonly<Partial<Record<InitPublisher, Partial<InitOptions>>>> = {
  rfc2136: { details: { server: "ns.example.com:5353" } },
  powerdns: { details: { apiUrl: "http://127.0.0.1:8082" }, tokenEnv: "PDNS_KEY" },
  route53: { details: { zoneId: "Z09", accessKeyId: "AKIA09" }, tokenFile: "/etc/abfail/x" },
  "google-dns": { details: { project: "p-1", managedZone: "example-com" } },
  "digitalocean-reserved-ip": { details: { ip: "203.0.113.9" }, machine: ["one=7", "two=8"] },
  "hetzner-floating-ip": { details: { ip: "2001:db8::9" }, machine: ["two=8", "one=7"], tokenEnv: "HCLOUD" },
  webhook: { details: { url: "https://hooks.example.com/x" }, tokenFile: "hook.token" },
  exec: { details: { command: "/usr/local/bin/move --now" } },
};
/** What they are called in status, where that is not the name of the record. */
const CALLED: Readonly<Partial<Record<InitPublisher, string>>> = {
  ...{ "digitalocean-reserved-ip": "203.0.113.9", "hetzner-floating-ip": "2001:db8::9" },
  ...{ webhook: "hooks.example.com", exec: "move" },
};

Deno.test("options become the config: nodes, check, targets, and each publisher", () => {
  for (const publisher of INIT_PUBLISHERS) {
    const called = CALLED[publisher];
    const plan = planned({
      ...{ name: "shop", node: NODES, service: "db", check: "tcp:5432", publisher },
      target: ["one=10.0.1.20,203.0.113.1", "two=10.0.2.20:5433,203.0.113.2"],
      record: called === undefined ? "db.example.com" : null,
      ...GIVEN[publisher],
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
    assert.deepEqual(service?.publish.map(({ type, name }) => [type, name]), [
      [publisher, called ?? "db.example.com"],
    ]);
  }
});

Deno.test("what a publisher was told stands in the config: ids, addresses, machines, where the credential is", () => {
  const written = (publisher: InitPublisher, more: Partial<InitOptions> = {}): string =>
    configText(
      planned({ publisher, ...GIVEN[publisher], ...more, target: ["one=10.0.0.1", "two=10.0.0.2"] }),
      KEY,
    );
  const parts: readonly (readonly [InitPublisher, readonly RegExp[]])[] = [
    ["rfc2136", [/^server = "ns\.example\.com:5353"/m, /^key_file = "\/etc\/abfail\/tsig\.key"/m]],
    ["powerdns", [/^api_url = "http:\/\/127\.0\.0\.1:8082"/m, /^api_key_env = "PDNS_KEY"/m]],
    ["route53", [/^zone_id = "Z09"/m, /^access_key_id = "AKIA09"/m, /^token_file = "\/etc\/abfail\/x"/m]],
    ["google-dns", [/^project = "p-1"/m, /^managed_zone = "example-com"/m, /^token_file = .*google\.json"/m]],
    ["digitalocean-reserved-ip", [/^droplets = \{ one = 7, two = 8 \}/m, /^token_file = .*cloud\.token"/m]],
    ["hetzner-floating-ip", [/^servers = \{ two = 8, one = 7 \}/m, /^token_env = "HCLOUD"/m]],
    ["webhook", [/^url = "https:\/\/hooks\.example\.com\/x"/m, /^token_file = "hook\.token"/m]],
    ["exec", [/^command = \["\/usr\/local\/bin\/move", "--now"\]/m]],
  ];
  for (const [publisher, all] of parts) for (const part of all) assert.match(written(publisher), part);
  assert.match(written("webhook", { tokenFile: null }), /^# token_file/m);
  assert.match(written("gandi", { tokenEnv: "GANDI" }), /^token_env = "GANDI"/m);
});

Deno.test("every publisher is written without being told more, and what is an example still is named", () => {
  for (const publisher of INIT_PUBLISHERS) {
    const read = planOf({ ...NOTHING, publisher });
    assert.ok(read.ok, publisher);
    assertRight(configText(read.value.plan, KEY));
    const { details, machine } = PUBLISHER_NEEDS[publisher];
    for (const { label } of details) assert.ok(read.value.examples.includes(label), `${publisher}: ${label}`);
    assert.equal(
      read.value.examples.some((one) => one.startsWith("the numbers")),
      machine !== null,
      publisher,
    );
  }
});

Deno.test("an option says of which publisher it is, and is refused with another; a credential is never repeated", () => {
  for (const key of DETAIL_KEYS) {
    assert.match(wrong({ details: { [key]: "x" } }), new RegExp(`${flagOf(key)}: only for --publisher`), key);
  }
  for (const { details } of Object.values(PUBLISHER_NEEDS)) {
    for (const one of details) {
      assert.deepEqual([one.flag, one.read(one.example).ok], [flagOf(one.key), true]);
    }
  }
  const moves = { publisher: "digitalocean-reserved-ip", target: ["a=10.0.0.1", "b=10.0.0.2"] };
  assert.match(wrong({ ...moves, machine: ["a=1"] }), /the droplet behind b is missing: --machine b=NUMBER/);
  assert.match(wrong({ ...moves, machine: ["a=1", "b=2", "c=3"] }), /"c" is no target; there are a, b/);
  assert.match(wrong({ ...moves, machine: ["a=1", "b=2", "b=3"] }), /"b" is there twice/);
  assert.match(wrong({ ...moves, machine: ["a=x"] }), /"x" is no machine's number/);
  assert.match(wrong({ ...moves, details: { ip: "2001:db8::1" } }), /is no IPv4 address/);
  assert.match(
    wrong({ machine: ["a=1"] }),
    /--machine: only for --publisher digitalocean-reserved-ip or hetzner/,
  );
  assert.match(wrong({ publisher: "exec", record: "a.example.com" }), /--record: exec publishes no name/);
  assert.match(wrong({ publisher: "exec", tokenEnv: "T" }), /--token-env: exec takes no credential/);
  assert.match(wrong({ publisher: "exec", details: { command: "a | b" } }), /no shell reads it/);
  assert.match(wrong({ publisher: "gandi", tokenEnv: "T", tokenFile: "/t" }), /not together/);
  for (
    const given of [
      { publisher: "gandi", tokenFile: "s3cret" },
      { publisher: "gandi", tokenEnv: "s3cret-x" },
      { publisher: "webhook", details: { url: "https://me:s3cret@example.com" } },
    ]
  ) assert.doesNotMatch(wrong(given), /s3cret/);
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

Deno.test("every publisher that the config knows is written by init: none is forgotten", () => {
  const services =
    (configSchema()["properties"] as Record<string, { items: { properties: { publish: unknown } } }>)[
      "services"
    ];
  const known = [
    ...JSON.stringify(services?.items.properties.publish).matchAll(/"type":\{[^{}]*"const":"([a-z0-9-]+)"/g),
  ].map(([, type = ""]) => type);
  assert.ok(known.length >= 14, String(known.length));
  assert.deepEqual(known.toSorted(), [...INIT_PUBLISHERS].toSorted());
});

Deno.test("what does not fit together is refused", () => {
  assert.match(wrong({ node: ["10.0.1.10"] }), /one node is no cluster/);
  assert.match(wrong({ target: ["a=10.0.1.10"] }), /nothing to fail over to/);
  assert.match(wrong({ record: "web.example.com", zone: "example.org" }), /not in the zone/);
  assert.match(wrong({ check: "tcp" }), /a port is needed: tcp:PORT/);
  assert.match(wrong({ check: "tcp:5432/x" }), /tcp has no path/);
  assert.match(wrong({ check: "http:70000" }), /no port/);
  assert.match(wrong({ check: "dns" }), /needs more than init asks for/);
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
    ...[
      "",
      "b=10.0.2.20",
      "",
      "bind",
      "rfc2136",
      "db",
      "db.example.com",
      "",
      "",
      "10.0.4.53",
      "env:K 1",
      "env:K1",
    ],
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
      "the secret itself stands",
    ]
  ) {
    assert.ok(terminal.shown.includes(told), `${told}\n${terminal.shown}`);
  }
  assert.equal(await askPlan(typist(["shop", null])), null);
});

Deno.test("at a terminal each publisher is asked for what it needs, and for nothing else", async () => {
  const before = ["", "a=10.0.1.10", "b=10.0.2.10", "c=10.0.3.10", "", "", "", "", "", ""];
  for (const publisher of INIT_PUBLISHERS) {
    const { hasRecord, details, machine, secret } = PUBLISHER_NEEDS[publisher];
    const answers = [
      ...(hasRecord ? ["", ""] : []),
      ...details.map(({ example }) => example),
      ...(machine === null ? [] : ["11", "12"]),
      ...(secret === null ? [] : [""]),
    ];
    const plan = await askPlan(typist([...before, publisher, ...answers]));
    assert.ok(plan !== null, publisher);
    assert.deepEqual(right(configText(plan, KEY)).services[0]?.publish.map(({ type }) => type), [publisher]);
  }
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
