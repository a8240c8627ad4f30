import assert from "node:assert/strict";
import { type Notice, NOTICES_MAX } from "../../../src/failover/notice.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

const HOOK = `[[notify]]\ntype = "webhook"\nurl = "https://hooks.example.com/one"\n`;
const OTHER = `[[notify]]\ntype = "exec"\ncommand = ["tell"]\nevents = ["switch"]\n`;
const EXEC = `[[services.publish]]\ntype = "exec"\nname = "mover"\ncommand = ["move"]\ntimeout = "1s"\n`;

function lab(notify = HOOK, publish = ""): NodeLab {
  const found = new NodeLab(testConfig("", `${notify}`, publish));
  found.publisher = (): { kind: "ok"; shows: undefined } => ({ kind: "ok", shows: undefined });
  found.run(30_000);
  return found;
}

function told(found: NodeLab, event: string): { node: number; notice: Notice }[] {
  return found.told.filter(({ notice }) => notice.event === event);
}

function words(found: NodeLab, event: string): string[] {
  return told(found, event).map(({ node, notice }) => `${node} ${notice.phase} ${notice.text}`);
}

Deno.test("each switch is told once, by the leader, and its end when the target is up again", () => {
  const found = lab();
  assert.deepEqual(words(found, "switch"), ["1 news web: nothing -> one (initial)."]);
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(20_000);
  found.healthy = (): boolean => true;
  found.run(60_000);
  assert.deepEqual(words(found, "switch").slice(1), [
    "1 trouble web: one -> two (down).",
    "1 over web: one is up again",
    "1 news web: two -> one (failback).",
  ]);
  const keys = told(found, "switch").map(({ notice }) => notice.key);
  assert.equal(keys[1], keys[2], "a trouble and its end share a key");
  assert.equal(new Set(keys).size, 3);
  for (const state of found.nodes.values()) {
    assert.equal(state.cluster?.notices, undefined, "nothing is left");
  }
});

Deno.test("a new leader tells what the old one had not delivered, and repeats nothing that it had", () => {
  const found = lab();
  found.hears = (node): boolean => node !== 1;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(10_000);
  assert.deepEqual(words(found, "switch").slice(1), ["1 trouble web: one -> two (down)."]);
  found.cut.add(1);
  found.run(10_000);
  assert.deepEqual(words(found, "switch").slice(2), ["2 trouble web: one -> two (down)."]);
  const [first, second] = told(found, "switch").slice(1).map(({ notice }) => notice.key);
  assert.equal(first, second, "receivers know a repetition by its key");
  assert.deepEqual(told(found, "leader").map(({ node }) => node), [1, 2]);
  found.cut.add(2);
  found.cut.delete(1);
  found.hears = (): boolean => true;
  found.run(20_000);
  assert.equal(words(found, "switch").length, 3, "delivered is delivered");
});

Deno.test("without a quorum nothing is told, and nothing is lost", () => {
  const found = lab();
  found.cut.add(2);
  found.cut.add(3);
  const before = found.told.length;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(30_000);
  assert.equal(found.told.length, before);
  found.cut.clear();
  found.run(20_000);
  assert.ok(words(found, "switch").some((text) => text.endsWith("trouble web: one -> two (down).")));
});

Deno.test("a leader that lost its lease with something untold tells it when it leads again", () => {
  const found = lab();
  found.hears = (): boolean => false;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(10_000);
  assert.equal(words(found, "switch").length, 2);
  found.cut.add(2);
  found.cut.add(3);
  found.run(5000);
  assert.equal(found.leader(), null);
  found.cut.clear();
  found.hears = (): boolean => true;
  found.run(20_000);
  const [first, second] = words(found, "switch").slice(1);
  assert.equal(second, first);
  assert.equal(words(found, "switch").length, 3, "and once it is taken, no more");
  assert.match(words(found, "leader").at(-1) ?? "", /nobody did for a while\.$/);
});

Deno.test("receivers hear what they asked for, each on its own", () => {
  const found = lab(HOOK + OTHER);
  const [hook, other] = found.config.notify.map(({ id }) => id);
  assert.notEqual(hook, other);
  found.hears = (_node, receiver): boolean => receiver === hook;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(10_000);
  const heard = found.told.filter(({ receiver }) => receiver === other).map(({ notice }) => notice.event);
  assert.deepEqual(new Set(heard), new Set(["switch"]));
  const waits = found.node(3).cluster?.notices?.flatMap(({ waits }) => waits);
  assert.deepEqual(new Set(waits), new Set([other]), "only who has not taken it is waited for");
});

Deno.test("a publisher that fails for a moment is not told of; one that goes on failing is, and its end", () => {
  const found = lab(HOOK, EXEC);
  assert.deepEqual(words(found, "publish-failed"), []);
  const fail = { kind: "failed", detail: "exit code 3", retryAfterMs: null } as const;
  const well = { kind: "ok", shows: undefined } as const;
  let failures = 1;
  found.publisher = (): typeof fail | typeof well => failures-- > 0 ? fail : well;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(20_000);
  assert.deepEqual(words(found, "publish-failed"), []);
  failures = Infinity;
  found.healthy = (): boolean => true;
  found.run(60_000);
  assert.deepEqual(words(found, "publish-failed"), [
    "1 trouble web: exec mover: publishing 10.0.1.1 failed: exit code 3.",
  ]);
  found.cut.add(1); // the next leader fails as well: that is known
  found.run(30_000);
  assert.equal(words(found, "publish-failed").length, 1);
  failures = 0;
  found.run(60_000);
  assert.deepEqual(words(found, "publish-failed").slice(1), ["2 over web: exec mover works again."]);
});

Deno.test("all targets down is a trouble of its own, and over when one is up", () => {
  const found = lab();
  found.healthy = (): boolean => false;
  found.run(30_000);
  assert.deepEqual(words(found, "all-down"), ["1 trouble web: every target is down."]);
  found.healthy = (_node, target): boolean => target === "two";
  found.run(30_000);
  assert.deepEqual(words(found, "all-down").slice(1), ["1 over web: two is up again."]);
});

Deno.test("a cluster without services tells who leads", () => {
  const config = testConfig("", HOOK);
  const found = new NodeLab({ ...config, services: [] });
  found.run(10_000);
  assert.equal(words(found, "leader").length, 1);
  found.cut.add(1);
  found.run(10_000);
  assert.match(
    words(found, "leader")[1] ?? "",
    /^2 news Node 2 \(z2\) leads, epoch \d+\.2; before it did node 1\.$/,
  );
});

Deno.test("who is no longer in the config is not waited for", () => {
  const found = lab(HOOK + OTHER);
  found.hears = (): boolean => false;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(10_000);
  const config = testConfig();
  for (const id of [1, 2, 3]) found.give(id, { kind: "reload", config });
  found.healthy = (): boolean => true;
  found.run(30_000);
  assert.equal(found.node(2).cluster?.notices, undefined);
});

Deno.test("what a receiver had not taken is told again once a reload gives it other settings", () => {
  const found = lab();
  found.hears = (): boolean => false;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(10_000);
  const before = words(found, "switch");
  found.hears = (): boolean => true;
  const config = testConfig("", `${HOOK}headers = { authorization = "the right one" }\n`);
  assert.equal(config.notify[0]?.id, found.config.notify[0]?.id);
  for (const id of [1, 2, 3]) found.give(id, { kind: "reload", config });
  found.run(1000);
  assert.deepEqual(words(found, "switch").slice(before.length), [before.at(-1)]);
});

Deno.test("a storm: of ninety switches at once some are told, the rest is said to be left out, and it ends", () => {
  const many = Array.from(
    { length: 90 },
    (_, i) =>
      `[[services]]\nname = "s${i}"\n[services.check]\ntype = "http"\nport = 80\n` +
      `[[services.targets]]\nname = "one"\naddress = "10.0.2.1"\n[[services.targets]]\nname = "two"\naddress = "10.0.2.2"\n`,
  );
  const found = new NodeLab(testConfig("", HOOK, many.join("")));
  found.run(20_000);
  const begun = found.deadlines;
  found.run(10_000);
  const calm = found.deadlines - begun;
  found.healthy = (_node, target): boolean => target !== "one";
  found.run(20_000);
  const words_ = new Set(words(found, "switch").filter((text) => text.includes("one -> two")));
  assert.ok(words_.size >= NOTICES_MAX / 2, `${words_.size} were told`);
  const lines = found.events.filter(({ event }) => event.name === "notify-failed").map(({ event }) =>
    event.text
  );
  assert.ok(lines.some((text) => /\d+ of \d+ switches are not told/.test(text)), lines.join("\n"));
  for (const state of found.nodes.values()) assert.ok((state.cluster?.notices?.length ?? 0) <= NOTICES_MAX);
  const before = found.told.length;
  const steps = found.deadlines;
  found.run(10_000);
  assert.equal(found.told.length, before, "what is told is told");
  assert.ok(found.deadlines - steps < 1.5 * calm, "nobody spins");
  found.healthy = (): boolean => true;
  found.run(40_000);
  const left = found.node(1).cluster?.notices ?? [];
  assert.deepEqual(left.map(({ key, phase }) => `${phase} ${key}`), []);
});
