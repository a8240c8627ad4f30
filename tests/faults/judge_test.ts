/** The judges on histories made by hand, good ones and bad ones. */
import assert from "node:assert/strict";
import { readUpdateLine } from "./bind.ts";
import { figuresOf, outagesOf, spreadOf } from "./figures.ts";
import type {
  Answer,
  Call,
  Entry,
  LeaseTold,
  Look,
  Run,
  Setting,
  Should,
  Switch,
  Update,
} from "./history.ts";
import { judge, type Verdict } from "./judge.ts";
import { offsetOf, tenuresOf } from "./judge_lease.ts";
import { parseOptions } from "./options.ts";
import { drawEpisodes, type Episode, FAULT_KINDS } from "./plan.ts";
import { type Broken, reach } from "./reachable.ts";
import { readRun } from "./witness.ts";

const SETTING: Setting = {
  leaseMs: 1000,
  addresses: new Map([["one", "10.0.0.4"], ["two", "10.0.0.5"]]),
  nodeServers: new Map([["n1", 1], ["n2", 2], ["n3", 3]]),
  longestDelayMs: 400,
};

/** A node's clock starts so long after the machine's. */
const BORN = 10_000;

function look(node: number, at: number, holds: string | null, more: Partial<Look> = {}): Look {
  return {
    kind: "look",
    node,
    life: 1,
    from: at,
    to: at + 2,
    uptimeMs: at + 1 - BORN,
    wallOffMs: 0,
    role: holds === null ? "follower" : "leader",
    holds,
    leader: null,
    alive: 3,
    active: "one",
    unwell: [],
    ...more,
  };
}

function told(node: number, at: number, what: LeaseTold["what"], epoch: string, life = 1): LeaseTold {
  return { kind: "lease", node, life, what, epoch, at: at + 30, uptimeMs: at - BORN };
}

function call(from: number, by: string | null, lasts = 10): Call {
  return { kind: "call", from, to: from + lasts, server: "n1", by, problem: by === null ? "refused" : null };
}

function answer(server: string, from: number, ...addresses: string[]): Answer {
  return { kind: "answer", server, from, to: from + 2, addresses };
}

function should(at: number, serve: boolean, boundMs = 3000): Should {
  return { kind: "should", at, serve, why: "", boundMs };
}

function switched(at: number, from: string | null, to: string | null): Switch {
  return { kind: "switch", at, epoch: "1.1", from, to, reason: "down" };
}

function update(at: number, epoch: string, target = "one", address = "10.0.0.4"): Update {
  return { kind: "update", at, epoch, target, addresses: [address] };
}

function broken(history: readonly Entry[]): string[] {
  return judge(history, SETTING).violations.map(({ promise }) => promise);
}

/** Looks at all three each 100 ms, node `leader` holding `epoch`. */
function looks(from: number, to: number, leader: number, epoch: string): Look[] {
  const all: Look[] = [];
  for (let at = from; at < to; at += 100) {
    for (const node of [1, 2, 3]) all.push(look(node, at + node, node === leader ? epoch : null));
  }
  return all;
}

Deno.test("a handover within a millisecond is one leader after the other", () => {
  const history = [
    told(1, 20_000, "begins", "5.1"),
    ...looks(20_010, 21_000, 1, "5.1"),
    told(1, 21_000, "released", "5.1"),
    told(2, 21_005, "begins", "6.2"),
    ...looks(21_020, 22_000, 2, "6.2"),
  ];
  assert.deepEqual(broken(history), []);
  assert.equal(tenuresOf(history).filter(({ how }) => how === "exact").length, 2);
});

Deno.test("two leaders are found by their logs, to a few milliseconds", () => {
  const history = [
    told(1, 20_000, "begins", "5.1"),
    ...looks(20_010, 21_000, 1, "5.1"),
    told(2, 20_990, "begins", "6.2"),
    told(1, 21_000, "runs-out", "5.1"),
    ...looks(21_020, 22_000, 2, "6.2"),
  ];
  const { violations } = judge(history, SETTING);
  assert.deepEqual(violations.map(({ promise }) => promise), ["one-leader"]);
  assert.match(
    violations[0]?.text ?? "",
    /nodes 1 \(epoch 5\.1\) and 2 \(epoch 6\.2\) held the lease at once for \d ms/,
  );
});

Deno.test("two leaders are found by what they say when asked, without any log", () => {
  const history = [
    ...looks(20_000, 20_500, 1, "5.1"),
    look(2, 20_520, "6.2"),
    look(1, 20_560, "5.1"),
    look(2, 20_620, "6.2"),
    look(1, 20_660, "5.1"),
  ];
  assert.deepEqual(broken(history), ["one-leader"]);
});

Deno.test("a leader that slept and holds its old epoch when asked again is found", () => {
  const history = [
    ...looks(20_000, 20_500, 1, "5.1"),
    look(2, 22_000, "6.2"),
    look(2, 22_100, "6.2"),
    look(1, 25_000, "5.1", { uptimeMs: 10_600 }), // its clock stood still as well
  ];
  assert.deepEqual(broken(history), ["one-leader"]);
  assert.equal(offsetOf([look(1, 20_400, "5.1"), look(1, 25_000, "5.1", { uptimeMs: 10_600 })]), null);
});

Deno.test("one look each says nothing of what was in between", () => {
  assert.deepEqual(broken([look(1, 20_000, "5.1"), look(2, 20_001, "6.2")]), []);
  // Nor does a lease whose end was never told: killed, its last lines lost.
  const history = [
    told(1, 20_000, "begins", "5.1"),
    ...looks(20_010, 21_000, 1, "5.1"),
    told(2, 22_000, "begins", "6.2"),
    ...looks(22_010, 23_000, 2, "6.2"),
  ];
  assert.deepEqual(broken(history), []);
});

Deno.test("a later tenure under an earlier epoch is found, one life going on under a later one is not", () => {
  const tenure = (at: number, node: number, epoch: string): Entry[] => [
    told(node, at, "begins", epoch),
    ...looks(at + 10, at + 900, node, epoch),
    told(node, at + 950, "released", epoch),
  ];
  assert.deepEqual(broken([...tenure(20_000, 1, "5.1"), ...tenure(21_000, 2, "4.2")]), ["epochs-rise"]);
  assert.deepEqual(broken([...tenure(20_000, 1, "5.1"), ...tenure(21_000, 2, "5.2")]), []);
  const higher = [
    told(1, 20_000, "begins", "5.1"),
    ...looks(20_010, 20_500, 1, "5.1"),
    told(1, 20_500, "goes-on", "9.1"),
  ];
  assert.deepEqual(
    broken([
      ...higher,
      ...looks(20_510, 21_000, 1, "9.1"),
      told(1, 21_000, "released", "9.1"),
      ...tenure(21_010, 2, "8.2"),
    ]),
    ["epochs-rise"],
  );
});

Deno.test("BIND: an older epoch after a newer one, and an address that is not the mark's target", () => {
  assert.deepEqual(broken([update(1, "5.1"), update(2, "5.1"), update(3, "6.2")]), []);
  assert.deepEqual(broken([update(1, "6.2"), update(2, "5.1")]), ["epochs-rise"]);
  assert.deepEqual(broken([update(1, "5.1", "one", "10.0.0.5")]), ["one-target"]);
});

Deno.test("exec: what starts later under an older epoch is found; a pause at that very moment is no proof", () => {
  const run = (at: number, epoch: string): Run => ({ kind: "run", at, epoch, target: "one" });
  assert.deepEqual(
    broken([run(1000, "5.1"), run(1100, "6.2"), run(1100, "5.1")]),
    [],
    "the same tick of the clock",
  );
  assert.deepEqual(broken([run(1000, "5.1"), run(1100, "6.2"), run(1200, "5.1")]), ["epochs-rise"]);
  const stop: Entry = { kind: "stop", node: 1, life: 1, from: 900, to: 1190 };
  const verdict: Verdict = judge([run(1100, "6.2"), stop, run(1200, "5.1")], SETTING);
  assert.deepEqual([verdict.violations.length, verdict.undecided], [0, 1]);
  assert.deepEqual(broken([run(1100, "6.2"), stop, run(1300, "5.1")]), ["epochs-rise"], "long after it woke");
});

Deno.test("an answer is one target of ours, or an error", () => {
  assert.deepEqual(broken([answer("bind", 1, "10.0.0.4"), { ...answer("n1", 2), addresses: null }]), []);
  assert.deepEqual(broken([answer("bind", 1, "10.0.0.4", "10.0.0.5")]), ["one-target"]);
  assert.deepEqual(broken([answer("n1", 1)]), ["one-target"]);
  assert.deepEqual(broken([answer("n1", 1, "192.0.2.1")]), ["one-target"]);
});

Deno.test("a node's server may give the old target for a lease after a switch, and no longer", () => {
  const away = switched(20_000, "one", "two");
  assert.deepEqual(broken([away, answer("n2", 21_000, "10.0.0.4")]), []);
  assert.deepEqual(broken([away, answer("n2", 24_000, "10.0.0.4"), answer("n2", 24_100, "10.0.0.4")]), [
    "one-target",
  ]);
  assert.deepEqual(
    broken([away, answer("n2", 24_000, "10.0.0.4"), switched(24_300, "two", "one")]),
    [],
    "told late",
  );
  const slept: Entry = { kind: "stop", node: 2, life: 1, from: 19_000, to: 23_900 };
  assert.deepEqual(broken([away, slept, answer("n2", 24_000, "10.0.0.4")]), [], "old datagrams came in late");
  assert.deepEqual(broken([away, answer("bind", 24_000, "10.0.0.4")]), [], "BIND is judged by what it took");
});

Deno.test("calls may fail within the budget and while nothing can be had, and not else", () => {
  const served = (from: number, to: number, by: string | null): Call[] => {
    const all: Call[] = [];
    for (let at = from; at < to; at += 100) all.push(call(at, by));
    return all;
  };
  const start = should(10_000, true);
  assert.deepEqual(broken([start, ...served(14_000, 15_000, "one")]), []);
  assert.deepEqual(broken([start, ...served(14_000, 15_000, null)]), ["lost-time"], "nothing was wrong");
  const fault = should(20_000, true);
  assert.deepEqual(
    broken([start, fault, ...served(20_000, 22_900, null), ...served(22_900, 25_000, "two")]),
    [],
  );
  assert.deepEqual(
    broken([start, fault, ...served(20_000, 23_500, null), ...served(23_500, 25_000, "two")]),
    ["lost-time"],
  );
  assert.deepEqual(
    broken([start, should(20_000, false), ...served(20_000, 40_000, null), should(40_000, true)]),
    [],
  );
  const stall: Entry = { kind: "stall", at: 14_900, ms: 800 };
  assert.deepEqual(
    broken([start, stall, ...served(14_000, 15_000, null)]),
    [],
    "the machine itself stood still",
  );
});

Deno.test("what is not well in time after the last fault, and a node that ends by itself, are found", () => {
  const recovery: Entry = { kind: "recovery", from: 1000, to: 3000, boundMs: 5000, missing: "" };
  assert.deepEqual(broken([recovery]), []);
  assert.deepEqual(broken([{ ...recovery, to: null, missing: "n2 answers nothing" }]), ["recovers"]);
  assert.deepEqual(broken([{ kind: "crash", node: 1, life: 1, at: 5, text: "TypeError" }]), ["stays-up"]);
});

Deno.test("reach: a majority that hears itself and one target are enough; a poor network is not judged", () => {
  const targets = ["one", "two"];
  const pair = (a: number, b: number): Broken => ({ kind: "pair", a, b });
  const node = (id: number): Broken => ({ kind: "node", node: id });
  assert(reach(3, targets, []).serve);
  assert(reach(3, targets, [node(1), { kind: "target", target: "one" }, { kind: "bind" }]).serve);
  assert(!reach(3, targets, [node(1), node(2)]).serve);
  assert(reach(3, targets, [pair(1, 2), pair(1, 3)]).serve);
  assert(!reach(3, targets, [pair(1, 2), pair(1, 3), pair(3, 2)]).serve);
  assert(!reach(5, targets, [pair(1, 2), pair(3, 4), pair(1, 3), pair(2, 4), pair(5, 1), pair(5, 2)]).serve);
  assert(!reach(3, targets, targets.map((target) => ({ kind: "target", target }) as const)).serve);
  assert(!reach(3, targets, [{ kind: "poor", node: 2 }]).serve);
  assert(reach(3, targets, [{ kind: "poor", node: 2 }, node(2)]).serve, "it is away altogether");
});

Deno.test("the plan is the seed's, every kind comes in it, and what takes all nodes comes alone", () => {
  const draw = (seed: number, count: number): Episode[] => {
    const episodes = drawEpisodes({ seed, nodes: 3, targets: 3, kinds: FAULT_KINDS });
    return Array.from({ length: count }, () => episodes.next().value as Episode);
  };
  assert.deepEqual(draw(7, 20), draw(7, 20));
  assert.notDeepEqual(draw(7, 20), draw(8, 20));
  const kinds = draw(7, FAULT_KINDS.length).flatMap(({ faults }) => faults.map(({ kind }) => kind));
  assert.deepEqual(FAULT_KINDS.filter((kind) => !kinds.includes(kind)), []);
  for (const { faults } of draw(9, 300)) {
    const all = faults.map(({ kind }) => kind);
    assert(all.length > 0 && (all.length === 1 || !all.includes("cold-start")), String(all));
  }
});

Deno.test("what BIND and the exec publisher's program write down is read", () => {
  const line = (text: string): string =>
    `25-Nov-2026 04:02:28.445 client @0x7f 10.77.0.1#40185/key upd: updating zone 'bind.faults.test/IN': ${text}`;
  assert.deepEqual(
    readUpdateLine(line(`adding an RR at '_abfail.web.bind.faults.test' TXT "epoch=7.2 write=3 target=one"`)),
    { kind: "mark", epoch: "7.2", target: "one" },
  );
  assert.deepEqual(readUpdateLine(line("adding an RR at 'web.bind.faults.test' A 10.77.0.4")), {
    kind: "address",
    address: "10.77.0.4",
  });
  const refused =
    "update unsuccessful: _abfail.web.bind.faults.test/TXT: 'RRset exists (value dependent)' prerequisite not satisfied (NXRRSET)";
  assert.deepEqual(readUpdateLine(line(refused)), { kind: "refused" });
  assert.equal(readUpdateLine(line("deleting rrset at 'web.bind.faults.test' A")), null);
  assert.deepEqual(readRun("1924273 1795.2 one", 0), {
    kind: "run",
    at: 19_242_730,
    epoch: "1795.2",
    target: "one",
  });
  assert.equal(readRun("1924273 1795", 0), null);
});

Deno.test("figures: outages from the first failed call to the next that works; spreads", () => {
  const calls = [
    call(0, "one"),
    call(100, null),
    call(200, null),
    call(300, "two"),
    call(400, null),
    call(500, "two", 50),
  ];
  assert.deepEqual(outagesOf(calls), [210, 150]);
  assert.deepEqual(spreadOf([5, 1, 9]), { count: 3, medianMs: 5, p99Ms: 9, maxMs: 9 });
  const hits = { leader: false, active: "one" };
  const fault: Entry = {
    kind: "fault",
    phase: "begin",
    number: 0,
    fault: "target-down",
    at: 90,
    text: "",
    hits,
  };
  const { failover, faults, availability } = figuresOf([fault, ...calls], SETTING);
  assert.deepEqual([failover.maxMs, faults["target-down"], availability], [220, 1, 0.5]);
});

Deno.test("options: what is wrong is named, and the command that repeats a run is complete", () => {
  const parsed = parseOptions([
    "--minutes",
    "2",
    "--seed",
    "5",
    "--mutant",
    "no-fence",
    "--only",
    "kill,cut",
  ]);
  assert(parsed.ok);
  assert.equal(
    parsed.value.repeat,
    "deno task test:faults --minutes 2 --seed 5 --mutant no-fence --only kill,cut",
  );
  for (
    const [args, message] of [
      [["--only", "kil"], /there is no fault kil; there are: cut/],
      [["--mutant", "x"], /--mutant x: one of .*no-fence/],
      [["--nodes", "4"], /3 or 5/],
      [["--seeds", "4"], /no such option/],
    ] as const
  ) {
    const wrong = parseOptions(args);
    assert(!wrong.ok);
    assert.match(wrong.error, message);
  }
});
