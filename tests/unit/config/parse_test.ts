import assert from "node:assert/strict";
import { CLUSTER, DNS, KEY, right, service, world, wrong, wrongOnce } from "./sample.ts";

Deno.test("a small config gets every default", () => {
  const config = right(
    CLUSTER + DNS + service({ rest: `[[services.publish]]\ntype = "dns"\nname = "web.ha.example.com"` }),
  );
  assert.deepEqual(config.election, {
    timing: "wan",
    heartbeatMs: 100,
    leaseMs: 1000,
    preempt: true,
    preemptDelayMs: 10_000,
    quarantineMs: null,
    mtu: 1200,
  });
  assert.deepEqual(config.api, {
    listen: { host: "127.0.0.1", port: 7421 },
    tokenFile: null,
    socket: null,
    tls: null,
  });
  assert.deepEqual(config.dns?.listen, [{ host: "0.0.0.0", port: 53 }]);
  assert.deepEqual(config.services, [{
    name: "web",
    observers: "majority",
    failback: "auto",
    failbackDelayMs: 10_000,
    minHoldMs: 5000,
    maxFailbackDelayMs: null,
    warmupMs: null,
    onAllDown: { kind: "keep" },
    check: {
      type: "tcp",
      port: 80,
      intervalMs: 1000,
      fastIntervalMs: 250,
      timeoutMs: 800,
      fall: 3,
      rise: 2,
      send: null,
      expect: null,
    },
    targets: [
      { name: "a", address: "10.0.1.20", port: null, publish: "10.0.1.20" },
      { name: "b", address: "10.0.2.20", port: null, publish: "10.0.2.20" },
    ],
    publish: [{ type: "dns", name: "web.ha.example.com", ttlMs: 5000 }],
  }]);
  assert.deepEqual(config.warnings, []);
});

Deno.test("presets set heartbeat and lease, and what is given wins over them", () => {
  const timing = (text: string): readonly [number, number] => {
    const { heartbeatMs, leaseMs } = right(`${CLUSTER}[election]\n${text}`).election;
    return [heartbeatMs, leaseMs];
  };
  assert.deepEqual(timing('timing = "local"'), [20, 150]);
  assert.deepEqual(timing('timing = "lan"'), [50, 400]);
  assert.deepEqual(timing('timing = "lan"\nlease = "2s"'), [50, 2000]);
  assert.deepEqual(timing('heartbeat = "200ms"'), [200, 1000]);
});

Deno.test("many mistakes are all told at once, each with its line, what was found, what is allowed", () => {
  const text = `[cluster]
name = "prod"
keys = [
  "c2hvcnQ=",
]
alow_two = true
[[cluster.nodes]]
id = 1
address = "10.0.1.10"
[[cluster.nodes]]
id = 70000
address = "10.0.2.10:7420"
[[cluster.nodes]]
id = 3
address = "10.0.2.10:7420"
[election]
lease = "200ms"
[[services]]
name = "web"
observers = "most"
[services.check]
type = "http"
interval = 10
timeout = "800"
http2 = true
ca_file = "ca.pem"
[[services.targets]]
name = "nyc1"
address = "10.0.1.20"
[[services.publish]]
type = "hetzner-floating-pi"
domain = "example.com"
[[services]]
name = "api"
check = { type = "htpp" }
targets = [
  { name = "a", address = "10.0.0.1" },
  { name = "b", address = "10.0.0.2", prot = 3 },
]
`;
  assert.deepEqual(wrong(text), [
    "4: cluster.keys[0]: this is base64 of 5 bytes; exactly 32 are needed\n    `abfail keygen` prints a fresh one",
    "6: cluster.alow_two: unknown key; did you mean allow_two?\n" +
    "    the keys here: name, keys, keys_file, allow_two, nodes",
    '9: cluster.nodes.1.address: found "10.0.1.10"; a port is needed\n    did you mean "10.0.1.10:7420"?',
    "11: cluster.nodes.70000.id: found 70000; a whole number from 1 to 65535 is needed",
    "15: cluster.nodes.3.address: node 2 of the list has the address 10.0.2.10:7420 too",
    '17: election.lease: the lease is 200ms and the heartbeat 100ms (from timing = "wan"); ' +
    "the lease must be at least 3 heartbeats\n    a lease of at least 300ms, or a heartbeat of at most 66ms",
    '20: services.web.observers: found "most"; allowed: "majority", "leader", "all", "any", ' +
    "or how many nodes (1 or more)",
    "23: services.web.check.interval: found the bare number 10; a duration needs a unit: ms, s, m, h or d\n" +
    '    write interval = "10s" or "10ms"',
    '24: services.web.check.timeout: found "800"; a duration needs a unit: ms, s, m, h or d\n' +
    '    write timeout = "800ms"',
    '26: services.web.check.ca_file: unknown key; it goes with type = "https" or "tls" or "grpc"\n' +
    "    the keys here: type, port, interval, fast_interval, timeout, fall, rise, path, method, headers, host, " +
    "expect_status, expect_body, follow_redirects, http2",
    '31: services.web.publish[0].type: found "hetzner-floating-pi"; available: dns, exec, rfc2136, powerdns, webhook, ' +
    "digitalocean-dns, cloudflare, route53, google-dns, hetzner-dns, desec, gandi, digitalocean-reserved-ip, hetzner-floating-ip\n" +
    '    did you mean "hetzner-floating-ip"?',
    '35: services.api.check.type: found "htpp"; available: http, https, tcp, tls, udp, dns, grpc, exec\n' +
    '    did you mean "http"?',
    "38: services.api.targets.b.prot: unknown key\n    the keys here: name, address, publish",
  ]);
});

Deno.test("broken TOML is told with line and column, and with the usual slip", () => {
  const [problem = ""] = wrong('[cluster]\nname = "prod"\n[election]\nlease = 10s\n');
  assert.match(problem, /^4:11: this is not TOML/);
  assert.match(problem, /durations are in quotes: lease = "10s"/);
  const secretLine = `[cluster]\nkeys = ["${KEY}" 5]\n`;
  assert.ok(!wrong(secretLine).join().includes(KEY), "a key is shown");
});

Deno.test("a key under the wrong header is sent to the right one", () => {
  wrongOnce(CLUSTER + service({ check: 'observers = "all"' }), "unknown key; it goes into [[services]]");
  wrongOnce(`${CLUSTER}[api]\nlease = "1s"`, "unknown key; it goes into [election]");
});

Deno.test("durations need a unit, and the likely one is proposed", () => {
  const lease = (value: string): string => `${CLUSTER}[election]\nlease = ${value}`;
  wrongOnce(lease("5"), 'write lease = "5s"');
  wrongOnce(lease('"500"'), 'write lease = "500ms"');
  wrongOnce(lease('"2 s"'), 'did you mean "2s"?');
  wrongOnce(lease('"2min"'), 'did you mean "2m"?');
  wrongOnce(lease('"soon"'), "a duration is needed");
  wrongOnce(lease('"2m"'), "50ms to 1m is allowed");
  assert.equal(right(lease('"1.5s"')).election.leaseMs, 1500);
});

Deno.test("a secret is never in a message, a warning, JSON or a dump of the config", () => {
  const token = "do-not-show-me";
  const text = `${CLUSTER}${
    service().replace('type = "tcp"', `type = "http"\nheaders = { Authorization = "${token}" }`)
  }
[[notify]]
type = "webhook"
url = "https://hooks.example.com/${token}"
`;
  const config = right(text);
  assert.equal(String(config.cluster.keys[0]), "[secret]");
  assert.equal(config.cluster.keys[0]?.reveal(), KEY);
  for (const shown of [JSON.stringify(config), Deno.inspect(config, { depth: 20 }), config.warnings.join()]) {
    assert.ok(!shown.includes(KEY), "the key is shown");
  }
  const flat = [...config.flat].join("\n");
  assert.ok(!flat.includes(token) && !flat.includes(KEY), "a secret is in the flat config");
  const bad = wrong(text.replace(KEY, KEY.slice(4)).replace("https://hooks", "hooks"));
  assert.equal(bad.length, 2);
  assert.ok(!bad.join().includes(KEY.slice(4)) && !bad.join().includes(token), "a message shows a secret");
});

Deno.test("relative paths start at the config's folder", () => {
  const config = right(
    `${CLUSTER}[node]\nstate_dir = "state"\n[api]\ntoken_file = "token"\nsocket = "/run/a.sock"`,
    world({ files: { "/etc/abfail/token": "t" } }),
  );
  assert.equal(config.node.stateDir, "/etc/abfail/state");
  assert.equal(config.api.tokenFile, "/etc/abfail/token");
  assert.equal(config.api.socket, "/run/a.sock");
  assert.equal(config.flat.get("api.token_file"), "token");
});
