/** A node's own checks: which probe is due, what it found, and telling the others when an opinion changed. */
import type { MonoMs } from "../base/time.ts";
import { finishProbe, nextProbeAt, type Opinion, type ProbeOutcome, startProbe } from "../health/probing.ts";
import { type NodeState, targetKey, type TargetSlot } from "./state.ts";
import type { NodeTurn } from "./turn.ts";

/** Opinions that change are shared at once, but at most so often, ms. */
const SHARE_EVERY_MS = 10;

/** Starts every probe that is due; one that never ended counts as failed. */
export function probeDue(turn: NodeTurn): void {
  const { state, now } = turn;
  for (let index = state.agenda.takeDue(now); index !== null; index = state.agenda.takeDue(now)) {
    const slot = state.targets[index];
    if (slot === undefined) continue;
    const { service, target, probing } = slot;
    if (now >= nextProbeAt(probing)) {
      const dueAt = nextProbeAt(probing);
      const lost = startProbe(probing, service.check, now);
      if (lost.opinionChanged) tellOpinion(turn, slot, lost.from, "no answer");
      turn.add({
        kind: "probe",
        service: service.name,
        target: target.name,
        timeoutMs: service.check.timeoutMs,
        dueAt,
      });
    }
    state.agenda.put(index, nextProbeAt(probing));
  }
}

/** A probe ended. */
export function onProbed(turn: NodeTurn, service: string, target: string, outcome: ProbeOutcome): void {
  const { state, now } = turn;
  const slot = state.targetByName.get(targetKey(service, target));
  if (slot === undefined) return;
  const { opinionChanged, from } = finishProbe(slot.probing, slot.service.check, outcome, now);
  state.agenda.put(slot.index, nextProbeAt(slot.probing));
  if (opinionChanged) tellOpinion(turn, slot, from, outcome.detail);
}

/** This node thinks otherwise of a target: everyone hears of it at once. */
function tellOpinion(turn: NodeTurn, slot: TargetSlot, from: Opinion, detail: string): void {
  turn.state.dirty = true;
  const service = slot.service.name;
  const target = slot.target.name;
  const opinion = slot.probing.opinion;
  turn.log(
    opinion === "down" ? "warning" : "info",
    "opinion",
    `${service}/${target} is ${opinion}: ${detail}.`,
    {
      service,
      data: { target, from, to: opinion },
    },
  );
  turn.state.sharing.pending = true;
}

/** Tells changed opinions at once, but not more often than they can be taken in: thousands may change together. */
export function shareDue(turn: NodeTurn): void {
  const { state, now } = turn;
  if (!state.sharing.pending || now < shareAt(state)) return;
  state.sharing.pending = false;
  state.sharing.at = now;
  turn.shareReport();
}

/** When `shareDue` may share next. */
export function shareAt(state: NodeState): MonoMs {
  return state.sharing.at + SHARE_EVERY_MS;
}
