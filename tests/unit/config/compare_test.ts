import assert from "node:assert/strict";
import { compareConfigs } from "../../../src/config/compare.ts";
import { configDigest, flatDigests } from "../../../src/config/digest.ts";
import { CLUSTER, DNS, KEY, OTHER_KEY, right, service } from "./sample.ts";

const NODE_4 = '[[cluster.nodes]]\nid = 4\naddress = "10.0.4.10:7420"\n';
const NODE_5 = '[[cluster.nodes]]\nid = 5\naddress = "10.0.5.10:7420"\n';

function refusals(from: string, to: string): readonly string[] {
  return compareConfigs(right(from), right(to)).refusals;
}

Deno.test("one node may come, go, move or be renumbered; two may not", () => {
  const without3 = CLUSTER.slice(0, CLUSTER.lastIndexOf("[[cluster.nodes]]"));
  const allowed: readonly (readonly [string, string])[] = [
    [CLUSTER, CLUSTER + NODE_4],
    [CLUSTER + NODE_4, CLUSTER],
    [CLUSTER, CLUSTER.replace("10.0.3.10", "10.0.9.10")],
    [CLUSTER, CLUSTER.replace("id = 3", "id = 9")],
    [CLUSTER, CLUSTER.replace("[[cluster.nodes]]\nid = 1", "[[cluster.nodes]]\npriority = 5\nid = 1")],
  ];
  for (const [from, to] of allowed) assert.deepEqual(refusals(from, to), [], to);
  const refused: readonly (readonly [string, string])[] = [
    [CLUSTER, CLUSTER + NODE_4 + NODE_5],
    [CLUSTER, without3 + NODE_4],
    [CLUSTER, CLUSTER.replace("10.0.3.10", "10.0.9.10").replace("10.0.2.10", "10.0.8.10")],
    [CLUSTER, CLUSTER.replace("id = 3", "id = 9") + NODE_4],
    [
      CLUSTER,
      CLUSTER.replace("id = 2", "id = 33").replace("id = 3\n", "id = 2\n").replace("id = 33", "id = 3"),
    ],
  ];
  for (const [from, to] of refused) {
    assert.equal(refusals(from, to).length, 1, to);
    assert.match(refusals(from, to)[0] ?? "", /^2 nodes change at once/);
  }
});

Deno.test("a shorter lease needs the old quarantine; a longer one does not", () => {
  const lease = (text: string): string => `${CLUSTER}[election]\nlease = "${text}`;
  assert.match(refusals(lease('2s"'), lease('1s"'))[0] ?? "", /quarantine = "2.1s"/);
  assert.deepEqual(refusals(lease('1s"'), lease('2s"')), []);
  assert.equal(
    refusals(lease('2s"'), lease('1s"\nquarantine = "2s"')).length,
    1,
    "2 s is below 2 s and the drift",
  );
  assert.deepEqual(refusals(lease('2s"'), lease('1s"\nquarantine = "2.1s"')), []);
  assert.equal(refusals(lease('1s"\nquarantine = "5s"'), lease('900ms"\nquarantine = "2s"')).length, 1);
});

Deno.test("changes are told key by key, whole sections as one, secrets not at all", () => {
  const text = (comparison: ReturnType<typeof compareConfigs>): readonly string[] =>
    comparison.changes.map(({ path, kind, from, to }) => [path, kind, from ?? "-", to ?? "-"].join(" "));
  const before = right(CLUSTER + service());
  assert.deepEqual(text(compareConfigs(before, before)), []);
  const slower = compareConfigs(before, right(CLUSTER + service({ check: 'interval = "2s"' })));
  assert.deepEqual(text(slower), ["services.web.check.interval changed 1s 2s"]);
  assert.ok(slower.reloadable);
  const more = compareConfigs(before, right(CLUSTER + DNS + service() + service({ name: "api" })));
  assert.deepEqual(text(more), [
    'services changed ["web"] ["web","api"]',
    "dns new - -",
    "services.api new - -",
  ]);
  assert.ok(!more.reloadable);
  const rotated = compareConfigs(
    before,
    right(CLUSTER.replace(`"${KEY}"`, `"${OTHER_KEY}", "${KEY}"`) + service()),
  );
  assert.ok(!JSON.stringify(rotated).includes(KEY) && !JSON.stringify(rotated).includes(OTHER_KEY));
  assert.match(rotated.notes.join(), /first key is new/);
});

Deno.test("digests are equal for equal configs, whatever their text, and name the key that differs", () => {
  const one = right(CLUSTER + service());
  const same = right(
    `# other text\n[election]\nheartbeat = "100ms"\n${CLUSTER}[node]\nid = 2\n${
      service({ check: "fall = 3" })
    }`,
  );
  assert.equal(configDigest(one), configDigest(same));
  const other = right(CLUSTER + service({ check: "fall = 4" }));
  assert.notEqual(configDigest(one), configDigest(other));
  const known = new Map(flatDigests(one).map(({ pathDigest, valueDigest }) => [pathDigest, valueDigest]));
  const differing = flatDigests(other).filter(({ pathDigest, valueDigest }) =>
    known.get(pathDigest) !== valueDigest
  );
  assert.deepEqual(differing.map(({ path }) => path), ["services.web.check.fall"]);
  assert.equal(known.size, one.flat.size, "two paths have one digest");
});

Deno.test("the leaves of a config are digested once, however often peers ask", () => {
  const config = right(CLUSTER + service());
  assert.equal(flatDigests(config), flatDigests(config));
});
