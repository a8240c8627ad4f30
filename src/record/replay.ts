/**
 * Runs a recording through the very same `stepNode`: each input with its own time and its own chance. What comes
 * out must be what came out then; where it is not, this is another program, or a bug in one of them.
 */
import type { MonoMs, WallMs } from "../base/time.ts";
import type { Effect, LogEvent } from "../node/events.ts";
import { stepNode } from "../node/node.ts";
import type { NodeState } from "../node/state.ts";
import { firstDifference } from "./difference.ts";
import { digestEffects } from "./digest.ts";
import { explainInput, newlyDown, opinionsBefore } from "./explain.ts";
import { decodeGraph } from "./graph.ts";
import type { RecordedStep } from "./line.ts";
import type { RecordedSegment, Recording } from "./recording.ts";

/** One thing that the node decided, once more. */
export interface ReplayedDecision {
  /** Number of its step in the recording, from 1. */
  readonly step: number;
  readonly atWallMs: WallMs;
  /** Name of the event, such as `leader`, `switch`, `opinion`; `publish` for a write that began. */
  readonly name: string;
  readonly level: LogEvent["level"];
  readonly service: string | null;
  readonly epoch: string | null;
  readonly text: string;
  /** The input that caused it. */
  readonly because: string;
  /** Where the cause lies further back: its step. */
  readonly becauseStep: number;
}

/** A place where the replay is not what was recorded. */
export interface Divergence {
  /** The step after which, or before which for a state, from 1. */
  readonly step: number;
  readonly kind: "effects" | "draws" | "state" | "error";
  readonly detail: string;
}

export interface Replayed {
  readonly steps: number;
  readonly segments: number;
  readonly decisions: readonly ReplayedDecision[];
  readonly divergences: readonly Divergence[];
}

/** An input that something followed from later. */
interface Cause {
  readonly step: number;
  readonly text: string;
}

/** What switches follow from; kept from segment to segment. */
interface Causes {
  /** What made the leader propose what is under way. */
  proposal: Cause | null;
  /** Who last held a target down, by `service/target`. */
  readonly down: Map<string, Cause>;
}

/** Replays all segments. Throws when a segment's state cannot be read. `onStep`: told of each step before it is run. */
export function replay(recording: Recording, onStep: (step: number) => void = () => {}): Replayed {
  const decisions: ReplayedDecision[] = [];
  const divergences: Divergence[] = [];
  let steps = 0;
  let before: NodeState | null = null;
  const causes: Causes = { proposal: null, down: new Map() };
  for (const segment of recording.segments) {
    const state: NodeState = decodeGraph(segment.state) as NodeState;
    if (before !== null && segment.after === "time") {
      const path = firstDifference(before, state);
      if (path !== null) {
        const detail = `the state of the replay differs from the recorded one at ${path}`;
        divergences.push({ step: steps, kind: "state", detail });
      }
    }
    const ran = runSegment(state, segment, steps, causes, onStep);
    decisions.push(...ran.decisions);
    if (ran.divergence !== null) divergences.push(ran.divergence);
    before = ran.divergence === null ? state : null; // what follows from a difference is no news
    steps += segment.steps.length;
  }
  return { steps, segments: recording.segments.length, decisions, divergences };
}

function runSegment(
  state: NodeState,
  segment: RecordedSegment,
  first: number,
  causes: Causes,
  onStep: (step: number) => void,
): { decisions: ReplayedDecision[]; divergence: Divergence | null } {
  const decisions: ReplayedDecision[] = [];
  for (const [index, recorded] of segment.steps.entries()) {
    const step = first + index + 1;
    const { now, wallMs, event } = recorded;
    onStep(step);
    const opinions = opinionsBefore(state, event);
    const { proposed } = state;
    const done = runStep(state, recorded);
    if (!Array.isArray(done)) {
      return { decisions, divergence: { step, kind: done.kind, detail: done.detail } };
    }
    const told = done.flatMap((effect) => tellable(effect) ?? []);
    const committed = done.some((effect) => effect.kind === "committed");
    const down = newlyDown(state, event, opinions, done);
    if (told.length + down.length === 0 && !committed && state.proposed === proposed) continue;
    const cause = { step, text: explainInput(state, event, opinions, now) };
    for (const target of down) causes.down.set(target, cause);
    if (state.proposed !== null && state.proposed !== proposed) causes.proposal = cause;
    for (const one of told) {
      const { left, ...decision } = one;
      const chain = [causes.down.get(left ?? ""), one.name === "switch" ? causes.proposal : null, cause];
      decisions.push({ ...decision, step, atWallMs: wallMs, ...because(chain) });
    }
    if (state.proposed === null && committed) causes.proposal = null;
  }
  return { decisions, divergence: null };
}

/** The first of a chain of causes in words, and what of the others came later than it. */
function because(
  chain: readonly (Cause | null | undefined)[],
): Pick<ReplayedDecision, "because" | "becauseStep"> {
  const [news, proposal, last] = chain;
  const first = news ?? proposal ?? last;
  let text = first?.text ?? "";
  if (proposal != null && proposal.step !== first?.step) text += `; decided: ${proposal.text}`;
  if (last != null && last.step !== (proposal ?? first)?.step) text += `; committed: ${last.text}`;
  return { because: text, becauseStep: first?.step ?? 0 };
}

/** One step; what differs from the recording where something does. */
function runStep(
  state: NodeState,
  { now, wallMs, digest, draws, event }: RecordedStep,
): Effect[] | { readonly kind: Divergence["kind"]; readonly detail: string } {
  let drawn = 0;
  const random = { next: (): number => draws[drawn++] ?? 0.5 };
  let effects: Effect[];
  try {
    effects = stepNode(state, event, { now, wallMs, random });
  } catch (bug) {
    const why = bug instanceof Error ? bug.message : `${bug}`;
    return { kind: "error", detail: `${event.kind}: the replay failed: ${why}` };
  }
  if (drawn !== draws.length) {
    return {
      kind: "draws",
      detail: `${event.kind}: ${drawn} random numbers were drawn, ${draws.length} were recorded`,
    };
  }
  if (digestEffects(effects) !== digest) {
    return { kind: "effects", detail: `${event.kind}: the replay did something else: ${summary(effects)}` };
  }
  return effects;
}

function summary(effects: readonly Effect[]): string {
  if (effects.length === 0) return "nothing";
  return effects.map((effect) => effect.kind === "event" ? `event ${effect.event.name}` : effect.kind).join(
    ", ",
  );
}

type Told = Pick<ReplayedDecision, "name" | "level" | "service" | "epoch" | "text"> & {
  /** The target that a switch left because it was down; null for all else. */
  readonly left: string | null;
};

/** What of an effect is a decision worth telling; null for the rest. */
function tellable(effect: Effect): Told | null {
  if (effect.kind === "event") {
    const { name, level, service, epoch, text, data } = effect.event;
    const left = name === "switch" && data.reason === "down" ? `${service}/${data.from}` : null;
    return { name, level, service, epoch, text, left };
  }
  if (effect.kind !== "publish" || effect.action.kind !== "write") return null;
  const { publisher, action } = effect;
  const what = action.value === null ? "withdraws" : `writes ${action.target} (${action.value})`;
  return {
    name: "publish",
    level: "info",
    service: publisher.service,
    epoch: action.epoch,
    text: `${publisher.service}: publisher ${publisher.index + 1} ${what}.`,
    left: null,
  };
}

/** Time from the first to the last step, ms. */
export function recordedMs(recording: Recording): MonoMs {
  const first = recording.segments[0]?.now ?? 0;
  const last = recording.segments.at(-1);
  return (last?.steps.at(-1)?.now ?? last?.now ?? first) - first;
}
