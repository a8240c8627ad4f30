/**
 * Judges the election after every step, by true time (ELECTION.md, What it promises):
 * L1 no two machines whose own clocks say at this instant that they hold the lease, paused ones included: a paused
 * process may go on at any instant; L2 the ballots acted under rise, and a majority has heard of each, so that none
 * below it can follow; L3 what a leader has decided is part of what every
 * later leader knows when it begins to act, and nothing is taken for decided that no leader decided.
 *
 * L2 and L3 are promised only while no majority is without memory at once. When that happens they are no longer judged
 * in this run (`excused`); with L1 there is no excuse.
 */
import { type Ballot, compareBallots, formatEpoch } from "../election/ballot.ts";
import type { NodeId } from "../base/id.ts";
import type { Entry, EntryRef } from "../election/messages.ts";
import { holdsLease, mayAct } from "../election/step.ts";
import type { TrueMs } from "./clock.ts";
import { isForgetful, type Machine } from "./machine.ts";
import type { Verdict } from "./promise.ts";

/** One leader at work, as the judge saw it. */
export interface TenureSeen {
  readonly machine: Machine;
  readonly ballot: Ballot;
  readonly from: TrueMs;
}

interface Seen {
  life: number;
  acting: Ballot | null;
  ready: boolean;
  accepted: Entry | null;
  committed: Entry | null;
}

export class ElectionJudge {
  /** Why L2 and L3 are not judged any more; null while they are. */
  excused: string | null = null;
  /** Leaders that began to act (rule 7 done), in order. */
  readonly tenures: TenureSeen[] = [];
  /** Called when a leader may act for the first time in a ballot. */
  onLeader: (machine: Machine, at: TrueMs) => void = () => {};
  readonly #machines: readonly Machine[];
  /** How many members there are: two machines may run one. */
  readonly #members: number;
  readonly #verdict: Verdict;
  readonly #seen = new Map<Machine, Seen>();
  #highest: Ballot | null = null;
  /** The highest ballot that each node has ever known of, over all its lives. */
  readonly #known = new Map<NodeId, Ballot>();
  /** Names of decided entries, by index. */
  readonly #decided = new Map<number, string>();
  #newest: EntryRef | null = null;
  /** What each proposed state was derived from, by name; null = nothing. */
  readonly #parents = new Map<string, string | null>();

  constructor(machines: readonly Machine[], verdict: Verdict) {
    this.#machines = machines;
    this.#members = new Set(machines.map(({ id }) => id)).size;
    this.#verdict = verdict;
  }

  /** To be called after each step of a machine. */
  watch(machine: Machine, at: TrueMs): void {
    const { program } = machine;
    if (program === null) return;
    const { election } = program;
    let seen = this.#seen.get(machine);
    if (seen === undefined || seen.life !== machine.life) {
      seen = { life: machine.life, acting: null, ready: false, accepted: null, committed: null };
      this.#seen.set(machine, seen);
    }
    const known = this.#known.get(machine.id);
    if (election.highest !== null && (known === undefined || compareBallots(election.highest, known) > 0)) {
      this.#known.set(machine.id, election.highest);
    }
    if (election.accepted !== seen.accepted) {
      if (election.accepted !== null) this.#derive(seen.accepted, election.accepted);
      seen.accepted = election.accepted;
    }
    if (election.role.kind === "leader") {
      const { tenure } = election.role;
      if (holdsLease(election, machine.clock.now(at))) this.#oneLeader(machine, at);
      if (tenure.acting !== null && tenure.acting !== seen.acting) {
        this.#acts(machine, seen, tenure.acting, at);
      }
      if (!seen.ready && mayAct(election, machine.clock.now(at))) {
        seen.ready = true;
        this.#ready(machine, tenure.acting, at);
      }
    } else seen.acting = null;
    if (election.committed !== seen.committed && election.committed !== null) {
      this.#committed(machine, seen, election.committed, at);
    }
  }

  /** To be called when a machine has lost its process: a majority without memory is an excuse. */
  memoryLost(at: TrueMs): void {
    if (this.excused !== null || (this.#highest === null && this.#newest === null)) return;
    const forgetful = this.#machines.filter(isForgetful).length;
    if (forgetful > this.#members / 2) {
      this.excused = `at ${Math.round(at)} ms ${forgetful} of ${this.#members} nodes had no memory`;
    }
  }

  /** To be called when a node gave up waiting for others' memory (rule 8b). */
  gaveUp(machine: Machine, at: TrueMs): void {
    if (this.#highest === null && this.#newest === null) return;
    this.excused ??= `at ${Math.round(at)} ms node ${machine.id} gave up waiting for the others' memory`;
  }

  /** The machine that holds the lease now and runs; null when none does. */
  leader(at: TrueMs): Machine | null {
    for (const machine of this.#machines) {
      if (machine.program === null || machine.pausedAt !== null) continue;
      if (mayAct(machine.program.election, machine.clock.now(at))) return machine;
    }
    return null;
  }

  /** A leader proposes on top of what it had accepted; whoever accepts it later finds it known. */
  #derive(before: Entry | null, entry: Entry): void {
    const name = nameOf(entry);
    if (!this.#parents.has(name)) this.#parents.set(name, before === null ? null : nameOf(before));
  }

  #oneLeader(machine: Machine, at: TrueMs): void {
    for (const other of this.#machines) {
      if (other === machine || other.program === null) continue;
      const { election } = other.program;
      if (election.role.kind !== "leader" || !holdsLease(election, other.clock.now(at))) continue;
      this.#verdict.broken("one-leader", at, `nodes ${other.id} and ${machine.id} both hold the lease`);
    }
  }

  #acts(machine: Machine, seen: Seen, ballot: Ballot, at: TrueMs): void {
    seen.acting = ballot;
    seen.ready = false;
    const before = this.#highest;
    if (before !== null && compareBallots(ballot, before) <= 0 && this.excused === null) {
      const detail = `node ${machine.id} acts under epoch ${formatEpoch(ballot)} after ${
        formatEpoch(before)
      }`;
      this.#verdict.broken("epochs-rise", at, detail);
    }
    if (before === null || compareBallots(ballot, before) > 0) this.#highest = ballot;
    const knowing = [...this.#known.values()].filter((known) => compareBallots(known, ballot) >= 0).length;
    if (knowing * 2 > this.#members) return;
    const detail = `node ${machine.id} acts under epoch ${
      formatEpoch(ballot)
    }, which ${knowing} of ${this.#members} nodes have heard of`;
    this.#verdict.broken("epochs-rise", at, detail);
  }

  #ready(machine: Machine, ballot: Ballot | null, at: TrueMs): void {
    if (ballot !== null) this.tenures.push({ machine, ballot, from: at });
    this.onLeader(machine, at);
    const newest = this.#newest;
    if (newest === null || this.excused !== null) return;
    const own = machine.program?.election.accepted ?? null;
    const wanted = this.#decided.get(newest.index);
    if (own !== null) {
      for (
        let name: string | null = nameOf(own);
        name !== null;
        name = this.#parents.get(name) ?? null
      ) if (name === wanted) return;
    }
    const has = own === null ? "nothing" : `entry ${own.index} (${nameOf(own)})`;
    this.#verdict.broken(
      "nothing-lost",
      at,
      `node ${machine.id} leads and knows ${has}, entry ${newest.index} (${wanted}) was decided`,
    );
  }

  #committed(machine: Machine, seen: Seen, entry: Entry, at: TrueMs): void {
    const before = seen.committed;
    seen.committed = entry;
    if (this.excused !== null) return;
    const election = machine.program?.election;
    const name = nameOf(entry);
    const known = this.#decided.get(entry.index);
    // Its own proposal; in the same step it may have proposed the next one already, or let go.
    const decides = entry.ballot.node === machine.id && entry.ballot.incarnation === election?.incarnation;
    if (known === undefined) {
      if (!decides) {
        const detail = `node ${machine.id} takes entry ${entry.index} for decided, nobody decided it`;
        this.#verdict.broken("nothing-lost", at, detail);
      }
      this.#decided.set(entry.index, name);
      if (this.#newest === null || entry.index > this.#newest.index) this.#newest = entry;
    } else if (known !== name) {
      const detail = `node ${machine.id} takes ${name} for decision ${entry.index}, it was ${known}`;
      this.#verdict.broken("nothing-lost", at, detail);
    }
    if (before !== null && entry.index < before.index) {
      const detail = `node ${machine.id} goes back from decision ${before.index} to ${entry.index}`;
      this.#verdict.broken("nothing-lost", at, detail);
    }
  }
}

/** Names a state by its content, whatever ballot it stands under. */
function nameOf(entry: Entry): string {
  return `${entry.index}:${entry.digest.toString(16)}`;
}
