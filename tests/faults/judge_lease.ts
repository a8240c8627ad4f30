/**
 * No two leaders, ever, and epochs that rise. A tenure counts only for as long as it is certain:
 *
 *     exact     the node's log says when its lease began and ended, on its own clock. That clock is compared with the
 *               machine's at each look: it is ahead by something between `lo` and `hi`, and the tenure shrinks by that
 *     looked    it said so itself when asked, twice under one epoch: in between it held it (a lease that ran out never
 *               comes back under its epoch, ELECTION.md rule 3)
 *
 * Certain tenures of two lives that overlap are two leaders. What cannot be known accuses nobody.
 */
import { compareEpochs, parseEpoch } from "../../src/publish/epoch.ts";
import { entries, type Entry, type LeaseTold, type Life, type Look } from "./history.ts";
import type { Violation } from "./judge.ts";

/** A time for which one life of a node certainly held the lease. */
export interface Tenure extends Life {
  readonly from: number;
  readonly to: number;
  /** Its first and its last epoch. */
  readonly first: string;
  readonly last: string;
  readonly how: "exact" | "looked";
}

/** A status rounds its uptime to a whole ms. */
const ROUNDING_MS = 0.5;

/** How far a node's clock is behind the machine's: between the two. Null when its clock did not keep the same pace. */
export function offsetOf(looks: readonly Look[]): { readonly lo: number; readonly hi: number } | null {
  let lo = -Infinity;
  let hi = Infinity;
  for (const { from, to, uptimeMs } of looks) {
    lo = Math.max(lo, from - uptimeMs - ROUNDING_MS);
    hi = Math.min(hi, to - uptimeMs + ROUNDING_MS);
  }
  return lo > hi || hi === Infinity ? null : { lo, hi };
}

/** All that is certain. */
export function tenuresOf(history: readonly Entry[]): Tenure[] {
  const looks = groupByLife(entries(history, "look"));
  const told = groupByLife(entries(history, "lease"));
  const tenures: Tenure[] = [];
  for (const [life, own] of looks) {
    tenures.push(...lookedTenures(own));
    const offset = offsetOf(own);
    if (offset !== null) tenures.push(...exactTenures(told.get(life) ?? [], own, offset));
  }
  return tenures.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from);
}

function lookedTenures(looks: readonly Look[]): Tenure[] {
  const tenures: Tenure[] = [];
  let open: { node: number; life: number; from: number; to: number; epoch: string } | null = null;
  const close = (): void => {
    if (open === null) return;
    const { node, life, from, to, epoch } = open;
    tenures.push({ node, life, from, to, first: epoch, last: epoch, how: "looked" });
    open = null;
  };
  for (const { node, life, from, to, holds } of looks) {
    if (open !== null && holds === open.epoch) {
      open.to = from;
      continue;
    }
    close();
    if (holds !== null) open = { node, life, from: to, to: from, epoch: holds };
  }
  close();
  return tenures;
}

function exactTenures(
  told: readonly LeaseTold[],
  looks: readonly Look[],
  offset: { readonly lo: number; readonly hi: number },
): Tenure[] {
  const tenures: Tenure[] = [];
  let open: LeaseTold | null = null;
  let last = "";
  /** `until` is on the node's clock. */
  const close = (until: number): void => {
    if (open === null) return;
    const { node, life, epoch, uptimeMs } = open;
    tenures.push({
      node,
      life,
      from: uptimeMs + offset.hi,
      to: until + offset.lo,
      first: epoch,
      last,
      how: "exact",
    });
    open = null;
  };
  const seenUntil = (): number =>
    Math.max(-Infinity, ...looks.filter(({ holds }) => holds === last).map(({ uptimeMs }) => uptimeMs)) - 1;
  for (const event of told) {
    if (event.what === "begins") {
      close(seenUntil()); // the line that ended it was lost
      open = event;
      last = event.epoch;
    } else if (event.what === "goes-on") last = event.epoch;
    else close(event.uptimeMs);
  }
  close(seenUntil());
  return tenures;
}

/** Two leaders at once, or a later tenure under an epoch that is not above all before it. */
export function judgeLease(history: readonly Entry[]): Violation[] {
  const tenures = tenuresOf(history);
  return [...twoLeaders(tenures), ...fallingEpochs(tenures)];
}

function twoLeaders(tenures: readonly Tenure[]): Violation[] {
  const found: Violation[] = [];
  const told = new Set<string>();
  for (const [i, a] of tenures.entries()) {
    for (const b of tenures.slice(i + 1)) {
      if (b.from >= a.to) break; // sorted by `from`
      if (a.node === b.node && a.life === b.life) continue;
      const overlap = Math.min(a.to, b.to) - b.from;
      const key = `${a.last} ${b.first}`;
      if (overlap <= 0 || told.has(key)) continue;
      told.add(key);
      const text =
        `nodes ${a.node} (epoch ${a.last}) and ${b.node} (epoch ${b.first}) held the lease at once ` +
        `for ${Math.ceil(overlap)} ms`;
      found.push({ promise: "one-leader", at: b.from, text });
    }
  }
  return found;
}

function fallingEpochs(tenures: readonly Tenure[]): Violation[] {
  const found: Violation[] = [];
  const told = new Set<string>(); // a tenure may be known in both ways
  let highest: Tenure | null = null;
  for (const tenure of tenures.toSorted((a, b) => a.from - b.from)) {
    const isLife = highest !== null && highest.node === tenure.node && highest.life === tenure.life;
    const falls = highest !== null && !isLife && tenure.from >= highest.to &&
      order(tenure.first, highest.last) <= 0;
    const key = `${tenure.first} ${highest?.last}`;
    if (falls && !told.has(key)) {
      told.add(key);
      const text =
        `node ${tenure.node} led under epoch ${tenure.first} after node ${highest?.node} under ${highest?.last}`;
      found.push({ promise: "epochs-rise", at: tenure.from, text });
    }
    if (highest === null || order(tenure.last, highest.last) > 0) highest = tenure;
  }
  return found;
}

/** Negative when `a` is the earlier epoch. */
export function order(a: string, b: string): number {
  const [one, other] = [parseEpoch(a), parseEpoch(b)];
  return one === null || other === null ? 0 : compareEpochs(one, other);
}

/** By life, each in the order of time. */
export function groupByLife<T extends Life>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = `${one.node}/${one.life}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}
