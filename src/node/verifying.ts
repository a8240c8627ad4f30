/** A leader's publishers are looked at from elsewhere, too: name servers and resolvers (`publish/verify.ts`). */
import type { MonoMs } from "../base/time.ts";
import { followPublisher, nextVerifyAt, verified, type VerifyAnswer, verifyDue } from "../publish/verify.ts";
import type { PublisherRef } from "./events.ts";
import { switchShown } from "./telling.ts";
import type { PublisherSlot } from "./state.ts";
import type { NodeTurn } from "./turn.ts";

/** Starts the round that is due, if there is one. */
export function startVerify(turn: NodeTurn, ref: PublisherRef, publisher: PublisherSlot): void {
  const { now } = turn;
  const { reconciler, verifier } = publisher;
  if (verifier === null || reconciler === null) return;
  followPublisher(verifier, reconciler, now);
  const round = verifyDue(verifier, now);
  if (round === null) return;
  turn.publish({ kind: "verify", publisher: ref, round: round.number, timeoutMs: round.timeoutMs });
}

/** When one is due. */
export function nextVerify({ verifier }: PublisherSlot): MonoMs {
  return verifier === null ? Infinity : nextVerifyAt(verifier);
}

/** The answers of a round. */
export function onVerified(
  turn: NodeTurn,
  ref: PublisherRef,
  round: number,
  answers: readonly VerifyAnswer[],
): void {
  const { state, now } = turn;
  if (state.leading === null) return;
  const service = state.services.find(({ config }) => config.name === ref.service);
  const publisher = service?.publishers.find(({ verifier }) => verifier?.asking?.number === round);
  if (publisher === undefined || publisher.verifier === null) return;
  const told = verified(publisher.verifier, round, answers, now);
  if (told.event === null) return;
  state.dirty = true;
  const { type, name } = publisher.config;
  const [level, event] = TOLD[told.event];
  turn.log(level, event, `${ref.service}: ${type} ${name}: ${told.detail}`, {
    service: ref.service,
    epoch: state.leading.epoch,
    data: { switch: switchShown(state, ref.service), publisher: type, name },
  });
}

/** How what a round has to tell is logged. */
const TOLD = {
  "worse": ["warning", "drift"],
  "better": ["info", "repaired"],
  "seen": ["info", "verified"],
} as const;
