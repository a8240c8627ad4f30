/**
 * From one config to the next on a running cluster: what changes, and whether restarting the nodes one by one
 * with the new file could make two leaders (ELECTION.md, rule 10).
 */
import { formatHostPort } from "./address.ts";
import type { Config, MemberConfig } from "./config.ts";
import { durationText } from "./duration.ts";

/** One key that differs, or a whole section that came or went (`from` and `to` are null then). Secrets come as digests. */
export interface Change {
  readonly path: string;
  readonly kind: "new" | "gone" | "changed";
  readonly from: string | null;
  readonly to: string | null;
}

/** What the step from one config to another means. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Why it is not safe; empty when it is. */
  readonly refusals: readonly string[];
  /** What to mind while doing it. */
  readonly notes: readonly string[];
  /** True when a running node can take it up by SIGHUP. */
  readonly reloadable: boolean;
}

/** How far clock rates may be off (ELECTION.md, What it promises). */
const RHO = 0.01;
/** Sections that a reload takes up. */
const RELOADABLE = /^(services|notify|cluster\.keys|api\.token_file)(\.|\[|$)/;
/** Keys that a reload can change, but neither bring nor take away. */
const EXCHANGEABLE = /^api\.(cert_file|key_file|client_ca_file)$/;

/** True for a change that a running node can take up on SIGHUP. */
export function isReloadable({ path, kind }: Change): boolean {
  return RELOADABLE.test(path) || (kind === "changed" && EXCHANGEABLE.test(path));
}

/** Compares the config that runs with the one that is to run. */
export function compareConfigs(running: Config, next: Config): Comparison {
  const changes = changesOf(running, next);
  const members = memberChanges(running.cluster.nodes, next.cluster.nodes);
  return {
    changes,
    refusals: [...refuseMembers(members), ...refuseLease(running, next)],
    notes: [...noteMembers(members), ...noteLease(running, next), ...noteKeys(running, next)],
    reloadable: changes.every(isReloadable),
  };
}

/** How long a node of this config sits out after a start, ms. */
function quarantineOf(config: Config): number {
  const { leaseMs, quarantineMs } = config.election;
  return Math.max(leaseMs * (1 + RHO) / (1 - RHO), quarantineMs ?? 0);
}

function changesOf(running: Config, next: Config): Change[] {
  const changes = new Map<string, Change>();
  for (const path of new Set([...running.flat.keys(), ...next.flat.keys()])) {
    const from = leaf(running, path);
    const to = leaf(next, path);
    if (from === to) continue;
    const kind = from === null ? "new" : to === null ? "gone" : "changed";
    const section = kind === "changed" ? null : wholeSection(path, kind === "new" ? running : next);
    if (section === null) changes.set(path, { path, kind, from, to });
    else changes.set(section, { path: section, kind, from: null, to: null });
  }
  return [...changes.values()];
}

/** A key that holds nothing and one that is not there are the same. */
function leaf(config: Config, path: string): string | null {
  const text = config.flat.get(path) ?? null;
  return text === "null" ? null : text;
}

/** The largest section around a path of which `lacking` has nothing at all; null when there is none. */
function wholeSection(path: string, lacking: Config): string | null {
  for (const section of SECTIONS) {
    const around = section.exec(path)?.[0];
    if (around === undefined) continue;
    if (![...lacking.flat.keys()].some((other) => other.startsWith(`${around}.`))) return around;
  }
  return null;
}

/** Sections that come and go as one, the larger ones first. */
const SECTIONS = [
  /^(dns|notify\[\d+\]|cluster\.nodes\.\d+|services\.[^.[]+)(?=\.)/,
  /^services\.[^.[]+\.(targets\.[^.[]+|publish\[\d+\])(?=\.)/,
];

/** One node that comes, goes, moves or is renumbered. */
interface MemberChange {
  readonly kind: "added" | "removed" | "moved" | "renumbered";
  readonly text: string;
  readonly id: number;
}

function memberChanges(running: readonly MemberConfig[], next: readonly MemberConfig[]): MemberChange[] {
  const place = (member: MemberConfig): string => formatHostPort(member.address).toLowerCase();
  const changes: MemberChange[] = [];
  const gone = running.filter((old) => !next.some((member) => member.id === old.id));
  const come = next.filter((member) => !running.some((old) => old.id === member.id));
  for (const old of running) {
    const member = next.find((candidate) => candidate.id === old.id);
    if (member === undefined || place(member) === place(old)) continue;
    const text = `node ${old.id} moves from ${place(old)} to ${place(member)}`;
    changes.push({ kind: "moved", text, id: old.id });
  }
  for (const old of gone) {
    const renumbered = come.find((member) => place(member) === place(old));
    if (renumbered === undefined) changes.push({ kind: "removed", text: `node ${old.id} goes`, id: old.id });
    else {
      const text = `node ${old.id} becomes node ${renumbered.id}`;
      changes.push({ kind: "renumbered", text, id: old.id });
    }
  }
  for (const member of come) {
    if (gone.some((old) => place(old) === place(member))) continue;
    changes.push({ kind: "added", text: `node ${member.id} comes`, id: member.id });
  }
  return changes;
}

function refuseMembers(changes: readonly MemberChange[]): string[] {
  if (changes.length < 2) return [];
  return [
    `${changes.length} nodes change at once (${
      changes.map((change) => change.text).join("; ")
    }). While some nodes ` +
    "run with the old list and some with the new one, a majority of each could elect a leader of its own: two at " +
    "once. Change one node, bring the new file to all nodes, then change the next.",
  ];
}

function refuseLease(running: Config, next: Config): string[] {
  const before = running.election.leaseMs;
  const after = next.election.leaseMs;
  const needed = quarantineOf(running);
  if (after >= before || (next.election.quarantineMs ?? 0) >= needed) return [];
  const written = durationText(roundedUp(needed));
  return [
    `the lease gets shorter (${durationText(before)} to ${
      durationText(after)
    }). Nodes that restart forget what they ` +
    "granted and sit out only the new, shorter time: they could elect a second leader while the lease of the first " +
    `still runs. Set [election] quarantine = "${written}" in the new file; drop it once all nodes run with it.`,
  ];
}

/** To what one would write: tenths of a second, hundredths below one. */
function roundedUp(ms: number): number {
  const step = ms >= 1000 ? 100 : 10;
  return Math.ceil(ms / step) * step;
}

function noteMembers(changes: readonly MemberChange[]): string[] {
  if (changes.length !== 1) return [];
  const notes = [
    "nodes with different lists ignore each other: until a majority has the new one, nobody may lead",
  ];
  for (const { kind, id } of changes) {
    if (kind === "moved" || kind === "removed" || kind === "renumbered") {
      notes.push(
        `stop the old node ${id} for good before any node gets the new file, else it goes on voting`,
      );
    }
  }
  return notes;
}

function noteLease(running: Config, next: Config): string[] {
  const [before, after] = [running.election.leaseMs, next.election.leaseMs];
  if (before === after) return [];
  return [
    "nodes with different leases do not vote for each other: until a majority has the new one, nobody may lead",
  ];
}

function noteKeys(running: Config, next: Config): string[] {
  const old = running.cluster.keys.map((key) => key.reveal());
  const [first, ...others] = next.cluster.keys.map((key) => key.reveal());
  if (old.length === 0 || first === undefined || old.includes(first)) return [];
  const shared = others.some((key) => old.includes(key));
  return [
    `the first key is new to nodes that run with the old file: they cannot open what it seals${
      shared ? "" : ", and the other way round"
    }. Add it as the second key everywhere first.`,
  ];
}
