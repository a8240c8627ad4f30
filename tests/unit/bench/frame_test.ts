import assert from "node:assert/strict";
import { alternate, type Subject } from "../../bench/alternate.ts";
import { BENCHES } from "../../bench/benches.ts";
import { type Ask, type Bench, readArguments, runBenches } from "../../bench/frame.ts";
import { disposeAll, keep } from "../../bench/keep.ts";
import { atMost, judge, measured, percentile, timesPeer, without } from "../../bench/row.ts";
import { renderRows } from "../../bench/show.ts";

const ASK: Ask = { vs: true, rounds: 4, say: (): void => {} };

Deno.test("percentiles are samples by nearest rank; none where there are none", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  assert.equal(percentile(hundred, 0), 1);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([], 0.5), null);
});

Deno.test("a goal is met, missed, or open where the peer it names was not measured", () => {
  const about = { what: "w", unit: "ms" };
  const met = (row: ReturnType<typeof measured>, ...others: ReturnType<typeof measured>[]): boolean | null =>
    judge([row, ...others])[0]?.met ?? null;
  assert.equal(met(measured({ ...about, goals: [atMost("p99", 10)] }, [1, 2, 10])), true);
  assert.equal(met(measured({ ...about, goals: [atMost("p99", 10)] }, [1, 2, 10.1])), false);
  assert.equal(met(measured({ ...about, goals: [atMost("p99", 10)] }, [])), false, "no figure is no success");
  assert.equal(met(measured(about, [1])), null);
  const relative = measured({ ...about, goals: [timesPeer("<=", 5, "haproxy")] }, [40]);
  assert.equal(met(relative), null);
  assert.equal(met(relative, measured({ ...about, who: "haproxy" }, [10])), true);
  assert.equal(met(relative, measured({ ...about, who: "haproxy" }, [7])), false);
});

Deno.test("a peer's ratio is ours divided by theirs, in the same bench only", () => {
  const own = { ...measured({ what: "w", unit: "ms" }, [300]), bench: "a" };
  const peer = { ...measured({ what: "w", who: "etcd", unit: "ms" }, [1200]), bench: "a" };
  const other = { ...peer, bench: "b" };
  assert.deepEqual(judge([own, peer, other]).map(({ ratio }) => ratio), [null, 0.25, null]);
});

Deno.test("a bench that fails is a row that says so, and the run goes on", async () => {
  const bench = (name: string, run: Bench["run"]): Bench => ({
    name,
    about: `about ${name}`,
    limitMs: 1000,
    run,
  });
  let closed = 0;
  const rows = await runBenches([
    bench("bad", () => {
      keep({ [Symbol.asyncDispose]: () => Promise.resolve(void closed++) });
      return Promise.reject(new Error("it broke\nin two lines"));
    }),
    bench("good", () => Promise.resolve([measured({ what: "good", unit: "ms" }, [1])])),
  ], ASK);
  assert.deepEqual(rows.map(({ bench, note, median }) => ({ bench, note, median })), [
    { bench: "bad", note: "FAILED: it broke", median: null },
    { bench: "good", note: "", median: 1 },
  ]);
  assert.equal(closed, 1, "what the failed bench left running was taken down");
});

Deno.test("a bench that hangs is given up", async () => {
  let end = (): void => {};
  const hung = new Promise<never[]>((resolve) => end = (): void => resolve([]));
  const rows = await runBenches([{ name: "slow", about: "slow", limitMs: 20, run: () => hung }], ASK);
  assert.match(rows[0]?.note ?? "", /^FAILED: it took longer/);
  end();
});

Deno.test("rounds go A B A B; a round that fails opens its subject anew; without --vs there are no peers", async () => {
  const order: string[] = [];
  const subject = (who: string, absent: string | null = null, failAt = -1): Subject => ({
    who,
    settings: "",
    absent,
    open: () => {
      order.push(`open ${who}`);
      return Promise.resolve({
        round: (index: number) => {
          order.push(`${who}${index}`);
          return index === failAt ? Promise.reject(new Error("lost")) : Promise.resolve({ ms: index });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(void order.push(`close ${who}`)),
      });
    },
  });
  const subjects = [subject("abfail", null, 1), subject("peer"), subject("none", "not installed")];
  const measures = [{ key: "ms", what: "w", unit: "ms", goals: [atMost("max", 3)] }];
  const rows = await alternate({ ...ASK, rounds: 3 }, measures, subjects);
  const expected =
    "open abfail, abfail0, open peer, peer0, abfail1, close abfail, peer1, open abfail, abfail2, " +
    "peer2, close abfail, close peer";
  assert.equal(order.join(", "), expected);
  assert.deepEqual(rows.map(({ who, rounds, note }) => ({ who, rounds, note })), [
    { who: "abfail", rounds: 2, note: "1 failed: lost" },
    { who: "peer", rounds: 3, note: "" },
    { who: "none", rounds: 0, note: "not installed" },
  ]);
  const alone = await alternate({ ...ASK, vs: false }, measures, [subject("abfail"), subject("peer")]);
  assert.deepEqual(alone.map(({ who, met }) => [who, met]), [["abfail", null]]);
});

Deno.test("what is kept is taken down once, the newest first, even when one of them fails", async () => {
  const order: string[] = [];
  const thing = (name: string, fails = false): AsyncDisposable => ({
    [Symbol.asyncDispose]: () => {
      order.push(name);
      return fails ? Promise.reject(new Error("stuck")) : Promise.resolve();
    },
  });
  const error = console.error;
  console.error = (): void => {};
  try {
    keep(thing("old"));
    keep(thing("stuck", true));
    await keep(thing("new"))[Symbol.asyncDispose]();
    await disposeAll();
    await disposeAll();
  } finally {
    console.error = error;
  }
  assert.deepEqual(order, ["new", "stuck", "old"]);
});

Deno.test("the command line: names, rounds and where the JSON goes; what is wrong is said", () => {
  const known = ["leader", "idle"];
  const read = (...args: string[]): ReturnType<typeof readArguments> => readArguments(args, known);
  const plain = { names: known, vs: false, rounds: 10, json: null, help: false };
  assert.deepEqual(read(), plain);
  assert.deepEqual(read("all", "--vs"), { ...plain, vs: true });
  assert.deepEqual(read("idle", "--rounds", "3", "--json", "-"), {
    ...plain,
    names: ["idle"],
    rounds: 3,
    json: "-",
  });
  assert.equal(read("ilde"), "no bench ilde; there is: all, leader, idle");
  assert.match(String(read("--rounds", "none")), /whole number/);
  assert.match(String(read("--json")), /name of a file/);
  assert.match(String(read("--fast")), /unknown option --fast/);
});

Deno.test("the table has one line a row, with goal, verdict, ratio and reason", () => {
  const own = measured(
    { what: "leader killed", settings: "lan", unit: "ms", goals: [atMost("median", 450)] },
    [500],
  );
  const peer = measured({ what: "leader killed", who: "etcd", unit: "ms" }, [1000]);
  const gone = without({ what: "leader killed", who: "keepalived", unit: "ms" }, "not installed");
  const lines = renderRows(judge([own, peer, gone])).split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? "", /leader killed\s+abfail\s+lan\s+1\s+500\s.*median <= 450\s+NO/);
  assert.match(lines[2] ?? "", /etcd.*x 0\.5/);
  assert.match(lines[3] ?? "", /keepalived.*not installed/);
});

Deno.test("each bench has a name of its own", () => {
  const names = BENCHES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
