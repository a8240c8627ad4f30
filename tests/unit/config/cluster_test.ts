import assert from "node:assert/strict";
import { EXAMPLE_KEY } from "../../../src/config/read_keys.ts";
import { CLUSTER, KEY, OTHER_KEY, right, world, wrong, wrongOnce } from "./sample.ts";

function nodes(count: number, more = ""): string {
  const members = Array.from({ length: count }, (_, i) => {
    return `[[cluster.nodes]]\nid = ${i + 1}\naddress = "10.0.${i}.1:7420"\n`;
  });
  return `[cluster]\nname = "prod"\nkeys = ["${KEY}"]\n${more}\n${members.join("")}`;
}

Deno.test("one node is refused, two are unless allowed, an even number is warned of", () => {
  wrongOnce(nodes(1), "found 1 node; at least 3 are needed");
  wrongOnce(nodes(1, "allow_two = true"), "found 1 node");
  wrongOnce(nodes(2), "found 2 nodes; at least 3 are needed", "allow_two = true");
  assert.match(right(nodes(2, "allow_two = true")).warnings.join(), /survive the loss of none/);
  assert.match(right(nodes(4)).warnings.join(), /4 nodes survive the loss of 1, no more than 3 do/);
  for (const count of [3, 5, 7]) assert.doesNotMatch(right(nodes(count)).warnings.join(), /nodes survive/);
});

Deno.test("an mtu that datagrams would not fit is refused", () => {
  wrongOnce(`${nodes(3)}[election]\nmtu = 1000\n`, "1200 to 9000");
  assert.equal(right(`${nodes(3)}[election]\nmtu = 1400\n`).election.mtu, 1400);
});

Deno.test("ids and addresses are unique, in range, and reachable", () => {
  wrongOnce(CLUSTER.replace("id = 2", "id = 1"), "node 1 of the list has id 1 too");
  wrongOnce(CLUSTER.replace("id = 2", "id = 0"), "1 to 65535");
  wrongOnce(CLUSTER.replace("id = 2", 'id = "2"'), "without the quotes");
  wrongOnce(CLUSTER.replace("10.0.2.10:7420", "10.0.1.10:7420"), "has the address 10.0.1.10:7420 too");
  wrongOnce(CLUSTER.replace("10.0.2.10", "0.0.0.0"), "reach this one", "[node] listen");
  wrongOnce(CLUSTER.replace("10.0.2.10:7420", "10.0.2.300:7420"), "neither an IPv4 address");
  wrongOnce(CLUSTER.replace("10.0.2.10:7420", "10.0.2.10:70000"), '"70000" is not a port');
  wrongOnce(CLUSTER.replace("10.0.2.10:7420", "2001:db8::1"), 'did you mean "[2001:db8::1]:7420"?');
  const mixed = CLUSTER.replace("10.0.2.10:7420", "[2001:db8::1]:7420").replace(
    "10.0.3.10",
    "node3.example.com",
  );
  assert.deepEqual(right(mixed).cluster.nodes.map(({ address }) => address), [
    { host: "10.0.1.10", port: 7420 },
    { host: "2001:db8::1", port: 7420 },
    { host: "node3.example.com", port: 7420 },
  ]);
});

Deno.test("a node's own id must be one of the cluster's", () => {
  wrongOnce(`${CLUSTER}[node]\nid = 4`, "no node of the cluster has this id", "1, 2, 3");
  assert.equal(right(`${CLUSTER}[node]\nid = 3`).node.id, 3);
});

Deno.test("keys come from the config, a file or the environment, which wins", () => {
  const file = CLUSTER.replace(/keys = .*/, 'keys_file = "keys"');
  const reveal = (text: string, io = world()): string[] =>
    right(text, io).cluster.keys.map((key) => key.reveal());
  const files = { "/etc/abfail/keys": `# old one last\n${OTHER_KEY}\n${KEY}\n` };
  assert.deepEqual(reveal(file, world({ files })), [OTHER_KEY, KEY]);
  assert.deepEqual(reveal(CLUSTER, world({ env: { ABFAIL_KEYS: `${OTHER_KEY}, ${KEY}` } })), [
    OTHER_KEY,
    KEY,
  ]);
  assert.deepEqual(reveal(CLUSTER.replace('="]', '"]')), [KEY], "padding may be left out");
  assert.match(wrong(file).join(), /keys_file: cannot read keys: there is no such file/);
  assert.match(wrong(file, world({ files: { keys: "# none\n" } })).join(), /holds no key/);
  assert.match(wrong(file, world({ files: { keys: "\nshort\n" } })).join(), /line 2 of keys/);
  assert.match(wrong(CLUSTER.replace(/keys = .*/, "")).join(), /cluster.keys: is missing/);
  assert.match(
    wrong(CLUSTER, world({ env: { ABFAIL_KEYS: "x y" } })).join(),
    /key 2 of the environment variable/,
  );
  const both = CLUSTER.replace("[[cluster.nodes]]", 'keys_file = "keys"\n[[cluster.nodes]]');
  assert.match(wrong(both).join(), /only one of the two is allowed/);
});

Deno.test("a key is base64 of exactly 32 bytes", () => {
  for (const bytes of [0, 16, 31, 33, 64]) {
    const problem = wrong(CLUSTER.replace(KEY, btoa("k".repeat(bytes))));
    assert.equal(problem.length, 1, `${bytes} bytes`);
    assert.match(problem[0] ?? "", /exactly 32/);
  }
  wrongOnce(CLUSTER.replace(KEY, "not base64 at all!"), "this is not base64 (18 characters)");
});

Deno.test("commands that only ask do without keys", () => {
  const file = CLUSTER.replace(/keys = .*/, 'keys_file = "/root/keys"');
  const config = right(file, world(), { keys: "optional" });
  assert.deepEqual(config.cluster.keys, []);
  assert.match(config.warnings.join(), /cannot read \/root\/keys/);
});

Deno.test("the key of the example is warned of", () => {
  assert.match(right(CLUSTER.replace(KEY, EXAMPLE_KEY)).warnings.join(), /everyone knows/);
});

Deno.test("a zone whose loss takes the majority is warned of", () => {
  const zones = (...names: readonly string[]): string => {
    let i = 0;
    return CLUSTER.replaceAll(/address.*/g, (line) => `${line}\nzone = "${names[i++]}"`);
  };
  assert.deepEqual(right(zones("a", "b", "c")).warnings, [
    "services: there are none: the nodes elect a leader and do nothing else",
  ]);
  assert.match(right(zones("a", "a", "c")).warnings.join(), /2 of 3 nodes are in zone "a"/);
});

Deno.test("the lease is at least three heartbeats", () => {
  wrongOnce(
    `${CLUSTER}[election]\nheartbeat = "400ms"`,
    "election.heartbeat",
    'lease is 1s (from timing = "wan")',
  );
  wrongOnce(`${CLUSTER}[election]\nheartbeat = "400ms"\nlease = "1199ms"`, "at least 3 heartbeats");
  assert.equal(right(`${CLUSTER}[election]\nheartbeat = "400ms"\nlease = "1200ms"`).election.leaseMs, 1200);
});
