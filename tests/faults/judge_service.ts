/**
 * What the world sees: one target in each answer, none that the cluster left long ago, no time lost beyond the budget,
 * and everything well again some time after the last fault.
 */
import { type Call, entries, type Entry, type Setting, type Should } from "./history.ts";
import type { Violation } from "./judge.ts";

/** How late a log line may come in here on a busy machine, ms: what is not known yet accuses nobody. */
const LOG_LATE_MS = 5000;
/** A follower may answer under a promise that it gave just before: the lease, the clocks' drift, a timer. */
const STALE_SLACK_MS = 250;
/** Around a stall of the machine nothing is judged, ms. */
const AROUND_STALL_MS = 1500;

/** Each answer is one target, of ours; a node's own server drops a target soon after the switch away from it. */
export function judgeAnswers(history: readonly Entry[], setting: Setting): Violation[] {
  const targets = new Map([...setting.addresses].map(([target, address]) => [address, target]));
  const switches = entries(history, "switch").sort((a, b) => a.at - b.at);
  const stops = entries(history, "stop");
  const found = new Map<string, Violation>();
  for (const { server, from, to, addresses } of entries(history, "answer")) {
    if (addresses === null) continue;
    const target = targets.get(addresses[0] ?? "");
    if (addresses.length !== 1 || target === undefined) {
      const text = `${server} answered ${addresses.join(", ") || "nothing"}: not one target`;
      found.set(`${server} ${addresses}`, { promise: "one-target", at: from, text });
      continue;
    }
    const node = setting.nodeServers.get(server);
    if (node === undefined) continue;
    const woke = stops.filter((stop) => stop.node === node && stop.from <= to).map((stop) =>
      Math.min(stop.to, to)
    );
    const bound = setting.leaseMs * 1.05 + setting.longestDelayMs + STALE_SLACK_MS;
    const known = switches.findLast(({ at }) => at <= from - bound);
    if (known === undefined || known.to === target) continue;
    const since = switches.filter(({ at }) => at > from - bound && at <= to + LOG_LATE_MS);
    if (since.some((one) => one.to === target || one.from === target)) continue;
    if (woke.some((at) => at > from - bound)) continue; // its old datagrams came in late
    const key = `${server} ${target} ${known.at}`;
    if (found.has(key)) continue;
    const text = `${server} answered ${target} ${
      Math.round(from - known.at)
    } ms after the switch to ${known.to} (${known.epoch})`;
    found.set(key, { promise: "one-target", at: from, text });
  }
  return [...found.values()];
}

/** Calls that failed although, for longer than the bound, nothing was in their way. */
export function judgeCalls(history: readonly Entry[]): Violation[] {
  const stalls = entries(history, "stall");
  const isStalled = ({ from, to }: Call): boolean =>
    stalls.some(({ at, ms }) => from <= at + AROUND_STALL_MS && to >= at - ms - AROUND_STALL_MS);
  const shoulds = entries(history, "should");
  const found: Violation[] = [];
  let run: { first: Call; last: Call; should: Should } | null = null;
  const close = (): void => {
    if (run === null) return;
    const { first, last, should } = run;
    const text = `calls failed (${first.problem}) for ${Math.round(last.to - first.from)} ms, ${
      Math.round(first.from - should.at)
    } ms after the last change of the world (${should.why}); budget ${Math.round(should.boundMs)} ms`;
    found.push({ promise: "lost-time", at: first.from, text });
    run = null;
  };
  let index = -1;
  for (const call of entries(history, "call")) {
    while ((shoulds[index + 1]?.at ?? Infinity) <= call.from) index++;
    const should = shoulds[index];
    const next = shoulds[index + 1]?.at ?? Infinity;
    const mustWork = should !== undefined && should.serve && call.from > should.at + should.boundMs &&
      call.to < next;
    if (!mustWork || call.by !== null || isStalled(call)) close();
    else if (run === null) run = { first: call, last: call, should };
    else run.last = call;
  }
  close();
  return found;
}

export function judgeRecoveries(history: readonly Entry[]): Violation[] {
  return entries(history, "recovery").filter(({ to }) => to === null).map(({ from, boundMs, missing }) => ({
    promise: "recovers",
    at: from,
    text: `not well ${Math.round(boundMs)} ms after the last fault: ${missing}`,
  }));
}

export function judgeCrashes(history: readonly Entry[]): Violation[] {
  return entries(history, "crash").map(({ at, node, text }) => ({
    promise: "stays-up",
    at,
    text: `node ${node} ended by itself: ${text}`,
  }));
}
