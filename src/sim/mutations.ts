/**
 * Wrong versions of the protocol, each with one rule broken, made by wrapping the right one: what it is told, or what
 * it remembers, is changed between its steps. They exist to show that the judges see (STYLE.md, habit 15), and for
 * `simulate --without`. Nothing here is reachable from `run`.
 */
import type { Env, MonoMs } from "../base/time.ts";
import type { Effect, NodeEvent } from "../node/events.ts";
import type { NodeProgram } from "../node/program.ts";
import type { ElectionState, Role } from "../election/state.ts";
import type { Program, ProgramEvent, StartProgram } from "./program.ts";

/** Which rule is broken. */
export const MUTATIONS = [
  "lease-never-ends",
  "lease-from-receipt",
  "lease-over-a-pause",
  "no-quarantine",
  "no-recall",
  "same-incarnation",
  "votes-beside-a-twin",
  "no-quorum",
  "promise-forgotten",
  "promise-too-short",
  "release-before-stopping",
  "acts-under-unproven-ballot",
  "ignores-what-others-accepted",
  "takes-proposed-for-committed",
  "takes-accepted-for-committed",
] as const;
export type Mutation = typeof MUTATIONS[number];

/** How a mutation changes each step. */
interface Patch {
  /** Changes what the program is told. */
  readonly before?: (state: ElectionState, event: ProgramEvent, env: Env) => ProgramEvent;
  /** Changes what it remembers; `role` is the one before the step. */
  readonly after?: (state: ElectionState, env: Env, role: Role) => void;
  /** Changes a new process. */
  readonly born?: (state: ElectionState, env: Env) => void;
  readonly incarnation?: (id: number) => string;
}

const PATCHES: Readonly<Record<Mutation, Patch>> = {
  "lease-never-ends": {
    after: (state) => {
      if (state.role.kind === "leader") state.role.tenure.validUntil = Number.MAX_SAFE_INTEGER;
    },
  },
  "lease-from-receipt": {
    before: (state, event, env) => {
      const { role } = state;
      if (event.kind !== "received" || event.packet.message.kind !== "grant") return event;
      if (role.kind !== "leader" && role.kind !== "claiming") return event;
      role.tenure.sentAt.set(event.packet.message.seq, env.now);
      return event;
    },
  },
  "lease-over-a-pause": {}, // its clock stops meanwhile: the engine's doing
  "no-quarantine": { born: endQuarantine },
  "no-recall": {
    born: (state) => {
      if (state.joining !== null) state.joining.remembers = true;
    },
  },
  "same-incarnation": { incarnation: (id) => id.toString(16).padStart(16, "0") },
  "votes-beside-a-twin": {
    after: (state, env) => {
      const over = state.joining !== null && state.joining.remembers && env.now >= state.joining.until;
      if (over) state.joining = null;
    },
  },
  "no-quorum": { before: (_state, event) => agree(event) },
  "promise-forgotten": { after: (state) => forgetPromise(state) },
  "promise-too-short": {
    after: (state, env) => {
      const { promise, settings } = state;
      if (promise === null || promise.ballot.node === state.self.id) return;
      promise.expires = Math.min(promise.expires, env.now + settings.leaseMs / 2);
    },
  },
  "release-before-stopping": {
    after: (state, _env, role) => {
      const let_go = role.kind === "leader" && state.role.kind === "follower" && state.releasing !== null;
      if (let_go) state.role = role;
    },
  },
  "acts-under-unproven-ballot": {
    after: (state) => {
      if (state.role.kind === "leader") state.role.tenure.acting = state.role.tenure.ballot;
    },
  },
  "ignores-what-others-accepted": {
    before: (_state, event) => {
      if (event.kind !== "received" || event.packet.message.kind !== "grant") return event;
      return {
        ...event,
        packet: { ...event.packet, message: { ...event.packet.message, accepted: null, state: null } },
      };
    },
  },
  "takes-proposed-for-committed": {
    after: (state) => {
      const proposal = state.role.kind === "leader" ? state.role.tenure.proposal : null;
      if (proposal === null || proposal.committed) return;
      proposal.committed = true;
      state.committed = proposal.entry;
    },
  },
  "takes-accepted-for-committed": { after: (state) => state.committed = state.accepted },
};

/** The mutated version of a program. */
export function mutate(mutation: Mutation, start: StartProgram): StartProgram {
  const patch = PATCHES[mutation];
  return (id, incarnation, memory, env) => {
    const program = start(id, patch.incarnation?.(id) ?? incarnation, memory, env);
    patch.born?.(program.election, env);
    return patch.before === undefined && patch.after === undefined ? program : new Mutant(program, patch);
  };
}

/** The mutated version of a whole node's core, for real processes (`test:faults`). */
export function mutateNode(mutation: Mutation, program: NodeProgram): NodeProgram {
  const patch = PATCHES[mutation];
  return {
    ...program,
    create: (options, env) => {
      const state = program.create(options, env);
      patch.born?.(state.election, env);
      return state;
    },
    step: (state, event, env) => {
      const { role } = state.election;
      const told = patch.before?.(state.election, event, env) ?? event;
      const effects = program.step(state, told as NodeEvent, env); // a patch changes what is in it, not its kind
      patch.after?.(state.election, env, role);
      return effects;
    },
  };
}

class Mutant implements Program {
  readonly #inner: Program;
  readonly #patch: Patch;

  constructor(inner: Program, patch: Patch) {
    this.#inner = inner;
    this.#patch = patch;
  }

  get election(): ElectionState {
    return this.#inner.election;
  }

  give(event: ProgramEvent, env: Env): readonly Effect[] {
    const { role } = this.election;
    const told = this.#patch.before?.(this.election, event, env) ?? event;
    const effects = this.#inner.give(told, env);
    this.#patch.after?.(this.election, env, role);
    return effects;
  }

  nextDeadline(now: MonoMs): MonoMs {
    return this.#inner.nextDeadline(now);
  }
}

function endQuarantine(state: ElectionState, env: Env): void {
  if (state.joining === null) return;
  state.joining = { ...state.joining, until: env.now, nextRecallAt: env.now };
}

function forgetPromise(state: ElectionState): void {
  if (state.promise !== null && state.promise.ballot.node !== state.self.id) state.promise = null;
}

/** Nobody's no counts. */
function agree(event: ProgramEvent): ProgramEvent {
  if (event.kind !== "received") return event;
  const { message } = event.packet;
  if (message.kind === "would") {
    return { ...event, packet: { ...event.packet, message: { ...message, yes: true, reason: null } } };
  }
  if (message.kind !== "deny") return event;
  const { ballot, seq } = message;
  const grant = { kind: "grant", ballot, seq, accepted: null, state: null } as const;
  return { ...event, packet: { ...event.packet, message: grant } };
}
