/** A leader and its publishers: what goes over from one leader to the next, and over a reload. */
import assert from "node:assert/strict";
import type { NodeId } from "../../../src/base/id.ts";
import type { Config, PublisherConfig } from "../../../src/config/config.ts";
import type { PublishAction } from "../../../src/publish/action.ts";
import { statusOf } from "../../../src/view/status.ts";
import type { Status } from "../../../src/view/status_type.ts";
import { renderStatus } from "../../../src/view/status_text.ts";
import { statusExitCode } from "../../../src/view/verdict.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

/** Between rehearsals. */
const PERIOD_MS = 120_000;

function exec(name: string, rehearse = "off", more = ""): string {
  return `[[services.publish]]\ntype = "exec"\nname = "${name}"\ncommand = ["/bin/true"]
read_command = ["/bin/true"]\nrehearse = "${rehearse}"\n${more}`;
}

/** The usual config with these publishers, and whatever order they are given in. */
function configWith(...publish: string[]): Config {
  const config = testConfig();
  const [service] = config.services;
  const parsed = publish.map((text): PublisherConfig => {
    const name = /name = "(.*)"/.exec(text)?.[1] ?? "";
    const rehearse = /rehearse = "(\d+)m"/.exec(text)?.[1];
    return {
      type: "exec",
      name,
      command: ["/bin/true", text],
      readCommand: ["/bin/true"],
      timeoutMs: 5000,
      onDrift: "repair",
      rehearseMs: rehearse === undefined ? null : Number(rehearse) * 60_000,
    };
  });
  return { ...config, services: [{ ...service!, publish: parsed }] };
}

/** A lab whose publishers keep one value each, and note what was done. */
class PublishingLab extends NodeLab {
  readonly done: string[] = [];
  shown: string | null = null;
  /** Why rehearsals fail; null = they do not. */
  refuses: string | null = null;

  constructor(config: Config) {
    super(config);
    this.publisher = (node, action) => {
      this.done.push(`${node} ${nameOf(action)}`);
      if (action.kind === "read") return { kind: "ok", shows: this.shown };
      if (action.rehearsal === true && this.refuses !== null) {
        return { kind: "failed", detail: this.refuses, retryAfterMs: null };
      }
      this.shown = action.value;
      return { kind: "ok", shows: undefined };
    };
  }

  take(what: string): string[] {
    return this.done.splice(0).filter((one) => one.endsWith(what));
  }

  status(id: NodeId): Status {
    return statusOf(this.node(id), { now: this.now, wallMs: 1_700_000_000_000 + this.now }, "test");
  }
}

function nameOf(action: PublishAction): string {
  return action.kind === "write" && action.rehearsal === true ? "rehearsal" : action.kind;
}

function steady(...publish: string[]): PublishingLab {
  const lab = new PublishingLab(configWith(...publish));
  lab.run(8000);
  assert.equal(lab.leader()?.self, 1);
  assert.equal(lab.shown, "10.0.1.1");
  lab.done.length = 0;
  return lab;
}

Deno.test("what one leader has rehearsed every node knows, and the next leader does not begin anew", () => {
  const lab = steady(exec("a", "2m"));
  lab.run(1.2 * PERIOD_MS);
  assert.deepEqual(lab.take("rehearsal"), ["1 rehearsal"]);
  for (const id of [1, 2, 3]) {
    const { state, provenMs } = lab.status(id).services[0]!.publishers[0]!.rehearsal!;
    assert.equal(state, "ok");
    assert.ok(provenMs !== null && provenMs < 0.3 * PERIOD_MS, `node ${id}: ${provenMs}`);
  }
  lab.cut.add(1);
  lab.run(0.5 * PERIOD_MS);
  assert.equal(lab.leader()?.self, 2);
  assert.deepEqual(lab.take("rehearsal"), [], "no burst when the leader changes");
  lab.run(0.7 * PERIOD_MS);
  assert.deepEqual(lab.take("rehearsal"), ["2 rehearsal"], "but when its time has come");
});

Deno.test("a rehearsal that fails is an event and a problem of the leader until one succeeds", () => {
  const lab = steady(exec("a", "2m"));
  lab.refuses = "HTTP 401: the token was revoked";
  lab.run(4 * PERIOD_MS);
  const text = "a failover would not be published: HTTP 401: the token was revoked";
  const told = (name: string): string[] =>
    lab.events.filter(({ event }) => event.name === name).map(({ event }) => event.text);
  assert.deepEqual(told("publish-failed"), [`web: ${text}`]);
  assert.ok(lab.take("rehearsal").length > 3, "it is tried again");
  const publisher = lab.status(1).services[0]!.publishers[0]!;
  assert.equal(publisher.rehearsal?.state, "failed");
  for (const id of [1, 2, 3]) {
    assert.equal(statusExitCode(lab.status(id)), 1, `a failover would not be published, says ${id}`);
    assert.ok(lab.status(id).problems.includes(`web: exec a: ${text}`));
  }
  assert.equal(publisher.state, "ok", "what is shown is right");
  assert.ok(lab.status(1).problems.includes(`web: exec a: ${text}`));
  lab.refuses = null;
  lab.run(PERIOD_MS);
  for (const id of [1, 2, 3]) assert.deepEqual(lab.status(id).problems, []);
  assert.equal(told("published").at(-1), "web: it can be written again (rehearsed)");
});

Deno.test("a former leader that is heard again may wake in a write: the leader looks", () => {
  const lab = steady(exec("a"));
  lab.cut.add(1);
  lab.run(20_000);
  assert.equal(lab.leader()?.self, 2);
  lab.take("");
  lab.shown = "10.9.9.9"; // the sleeper's write, just before it is heard
  lab.cut.delete(1);
  lab.run(1500);
  assert.equal(lab.leader()?.self, 2, "node 1 is not back in charge yet");
  assert.deepEqual(lab.take("write"), ["2 write"]);
  assert.equal(lab.shown, "10.0.1.1");
});

Deno.test("after a reload an answer finds its publisher wherever it stands in the list now", () => {
  const lab = steady(exec("a"), exec("b"));
  lab.publisher = () => null;
  lab.run(40_000); // both look, and wait for the answer
  const [first, second] = lab.publishes.slice(-2);
  assert.deepEqual([first?.effect.publisher.index, second?.effect.publisher.index], [0, 1]);
  lab.give(1, { kind: "reload", config: configWith(exec("b"), exec("a")) });
  const { publisher, operation } = first!.effect;
  lab.give(1, { kind: "published", publisher, operation, result: { kind: "ok", shows: "10.7.7.7" } });
  const [b, a] = lab.node(1).services[0]!.publishers;
  assert.deepEqual([a?.config.name, a?.reconciler?.shows], ["a", "10.7.7.7"]);
  assert.equal(b?.reconciler?.shows, "10.0.1.1");
});

Deno.test("a record whose settings a reload changes is not written while the old write is under way", () => {
  const lab = steady(exec("a"));
  lab.publisher = (_node, action) => action.kind === "read" ? { kind: "ok", shows: "10.0.1.1" } : null;
  lab.healthy = (_node, target) => target !== "one";
  lab.run(4000);
  const write = lab.publishes.at(-1)!.effect;
  assert.equal(write.action.kind, "write");
  lab.give(1, { kind: "reload", config: configWith(exec("a", "off", 'timeout = "9s"')) });
  const count = lab.publishes.length;
  lab.run(2000);
  assert.equal(lab.publishes.length, count, "nothing begins beside it");
  lab.give(1, {
    kind: "published",
    publisher: write.publisher,
    operation: write.operation,
    result: { kind: "failed", detail: "cut off", retryAfterMs: null },
  });
  lab.run(100);
  assert.ok(lab.publishes.length > count);
});

Deno.test("a name server that does not follow is an event, a problem and a lag in the leader's status, and delays nothing", () => {
  const config = configWith(exec("a"));
  const [service] = config.services;
  const record: PublisherConfig = {
    type: "rfc2136",
    name: "web.example.com",
    zone: "example.com",
    recordType: null,
    ttlMs: 30_000,
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: null,
    verify: [{ kind: "authoritative" }],
    servers: [{ host: "192.0.2.53", port: 53 }],
    key: null,
    transport: "tcp",
  };
  const lab = new PublishingLab({ ...config, services: [{ ...service!, publish: [record] }] });
  lab.places = () => [
    { server: "ns1.example.com", isResolver: false, shows: lab.shown, problem: null, ageMs: 0 },
    { server: "ns2.example.com", isResolver: false, shows: "10.0.1.1", problem: null, ageMs: 0 },
  ];
  lab.run(8000);
  const verify = (): unknown[] =>
    (lab.status(1).services[0]!.publishers[0]!.verify ?? []).map(({ agrees, state }) => `${agrees} ${state}`);
  assert.deepEqual(verify(), ["true ok", "true ok"]);
  lab.healthy = (_node, target) => target !== "one";
  lab.run(8000);
  assert.equal(lab.shown, "10.0.1.2");
  assert.deepEqual(verify(), ["true ok", "false pending"]);
  assert.ok(!lab.status(1).problems.some((problem) => problem.includes("ns2")), "not yet");
  lab.run(90_000);
  assert.deepEqual(verify(), ["true ok", "false lagging"]);
  assert.ok(lab.status(1).problems.some((text) => /ns2\.example\.com shows 10\.0\.1\.1 for 1 ?m/.test(text)));
  const told = lab.events.filter(({ event }) => event.name === "drift");
  assert.equal(told.length, 1);
  assert.match(
    told[0]!.event.text,
    /^web: rfc2136 web\.example\.com: ns2\.example\.com shows 10\.0\.1\.1 instead of 10\.0\.1\.2/,
  );
  assert.equal(lab.status(1).services[0]!.publishers[0]!.state, "ok");
});

Deno.test("how it goes with a publisher is the leader's to tell: the others say whom to ask", () => {
  const lab = steady(exec("a"));
  const stateOf = (id: NodeId): string | undefined => lab.status(id).services[0]?.publishers[0]?.state;
  assert.deepEqual([1, 2, 3].map(stateOf), ["ok", "ok", "ok"]);
  const atLeader = (id: NodeId): boolean | undefined => lab.status(id).services[0]?.publishers[0]?.atLeader;
  assert.deepEqual([1, 2, 3].map(atLeader), [undefined, true, true]);
  const text = renderStatus(lab.status(2), { width: 120, colour: false });
  assert.match(text, /exec +a +- +ok, says leader/);
  assert.match(text, /The leader publishes: what is shown, .* is in the status of node 1 \(/);
  assert.doesNotMatch(renderStatus(lab.status(1), { width: 120, colour: false }), /The leader publishes/);
  assert.equal(statusExitCode(lab.status(2)), 0);
});

Deno.test("what is wrong with a publisher is known to every node, over a change of leaders, until it is right", () => {
  const lab = steady(exec("a"));
  const works = lab.publisher;
  let n = 0;
  lab.publisher = () => ({ kind: "failed", detail: `HTTP 50${n++ % 2}`, retryAfterMs: null });
  lab.run(40_000);
  const seen = (id: NodeId): readonly (string | null | undefined)[] => {
    const publisher = lab.status(id).services[0]?.publishers[0];
    return [publisher?.state, publisher?.error];
  };
  assert.equal(seen(1)[0], "failed");
  assert.deepEqual(seen(3), ["failed", "reading what it shows failed: HTTP 500"]);
  assert.equal(statusExitCode(lab.status(3)), 1);
  const before = JSON.stringify(lab.node(3).cluster);
  lab.run(60_000);
  assert.equal(JSON.stringify(lab.node(3).cluster), before, "other words are no news");

  lab.cut.add(1);
  lab.run(15_000);
  assert.equal(lab.leader()?.self, 2);
  assert.equal(seen(3)[0], "failed", "the next leader finds it so too");
  lab.publisher = works;
  lab.run(60_000);
  assert.deepEqual([2, 3].map((id) => seen(id)[0]), ["ok", "ok"]);
  assert.deepEqual(lab.status(3).services[0]?.publishers[0]?.error, null);

  lab.shown = "192.0.2.66";
  const other = lab.publisher;
  lab.publisher = (node, action) =>
    action.kind === "write" ? { kind: "ok", shows: "192.0.2.66" } : other(node, action);
  lab.run(60_000);
  assert.equal(statusExitCode(lab.status(3)), 1);
});

Deno.test("two publishers of one name ail as one, and that is decided once", () => {
  const lab = steady(exec("a"), exec("a"));
  lab.publisher = () => ({ kind: "failed", detail: "HTTP 500", retryAfterMs: null });
  lab.run(40_000);
  const before = lab.node(3).cluster;
  assert.equal(before?.services["web"]?.ailing?.length, 1);
  lab.run(60_000);
  assert.equal(lab.node(3).cluster, before, "nothing more was decided");
});

Deno.test("a write whose answer is lost does not keep the lease from a more authoritative node", () => {
  const lab = new PublishingLab(configWith(exec("a")));
  lab.cut.add(1);
  lab.run(3000);
  assert.equal(lab.leader()?.self, 2);
  const answer = lab.publisher;
  lab.publisher = (node, action) => node === 2 && action.kind === "write" ? null : answer(node, action);
  lab.shown = "somewhere else";
  lab.cut.clear();
  lab.run(60_000);
  assert.ok(lab.publishes.some(({ node, effect }) => node === 2 && effect.action.kind === "write"));
  assert.equal(lab.leader()?.self, 1);
});

Deno.test("a write of an earlier tenure that is still under way holds up a handover like any other", () => {
  const lab = new PublishingLab(configWith(exec("a")));
  lab.run(3000);
  assert.equal(lab.leader()?.self, 1);
  lab.shown = "somewhere else";
  lab.publisher = (_node, action) => action.kind === "read" ? { kind: "ok", shows: lab.shown } : null;
  const writes = (): number => lab.publishes.filter(({ effect }) => effect.action.kind === "write").length;
  const before = writes();
  while (writes() === before) lab.run(100);
  const { term } = lab.leader()!.leading!;
  for (const id of [2, 3]) lab.cut.add(id);
  while (lab.leader() !== null) lab.run(10);
  lab.cut.clear();
  while (lab.leader() === null) lab.run(10);
  assert.ok(lab.leader()!.self === 1 && lab.leader()!.leading!.term > term, "it leads again");
  assert.equal(lab.leader()!.election.busy, true);
});
