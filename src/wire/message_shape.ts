/** How each message is laid out. The kinds' numbers are part of the protocol: new kinds take new ones. */
import type { Message } from "../election/messages.ts";
import type { Command, NodeMessage, Outcome } from "../node/events.ts";
import {
  ballot,
  count,
  entryRef,
  lives,
  optionalBallot,
  optionalEntryRef,
  optionalNode,
  refusal,
  stateProblem,
} from "./fields.ts";
import {
  bool,
  bytes,
  duration,
  exact,
  list,
  nullable,
  type Shape,
  text,
  union,
  variant,
  whole,
  word,
} from "./shape.ts";

const state = nullable(bytes);
const part = whole(0, 0xffff);

/** The length of a lease is compared for equality (rule 10), so it travels exactly. */
const leaseMs: Shape<number> = {
  write: (out, value) => exact.write(out, value),
  read: (from) => {
    const value = exact.read(from);
    if (from.problem === null && value <= 0) from.fail(`a lease of ${value} ms`);
    return value;
  },
};

const command = union<Command>({
  "switch": variant(1, { service: text, target: text, dryRun: bool }),
  "unpin": variant(2, { service: text }),
  "drain": variant(3, { service: text, target: text }),
  "undrain": variant(4, { service: text, target: text }),
  "step-down": variant(5, {}),
});

const reason = word<Extract<Outcome, { ok: false }>["reason"]>(["busy", "refused", "unknown"]);

const outcome: Shape<Outcome> = {
  write: (out, value) => {
    bool.write(out, value.ok);
    if (!value.ok) reason.write(out, value.reason);
    text.write(out, value.message);
  },
  read: (from) =>
    bool.read(from)
      ? { ok: true, message: text.read(from) }
      : { ok: false, reason: reason.read(from), message: text.read(from) },
};

const pair: Shape<readonly [number, number]> = {
  write: (out, [key, value]) => {
    out.u32(key);
    out.u32(value);
  },
  read: (from) => [from.u32(), from.u32()],
};

/** Every message that nodes send each other. */
export const message: Shape<Message | NodeMessage> = union<Message | NodeMessage>({
  "hello": variant(1, {}),
  "ask": variant(2, { seq: count, released: optionalBallot }),
  "would": variant(3, {
    seq: count,
    yes: bool,
    reason: nullable(refusal),
    term: count,
    holder: optionalNode,
    remainingMs: duration,
  }),
  "claim": variant(4, {
    ballot,
    seq: count,
    leaseMs,
    commit: count,
    entry: optionalEntryRef,
    state,
    released: optionalBallot,
  }, (claim) => stateProblem(claim.entry, claim.state)),
  "grant": variant(
    5,
    { ballot, seq: count, accepted: optionalEntryRef, state },
    (grant) => stateProblem(grant.accepted, grant.state),
  ),
  "deny": variant(6, {
    ballot,
    seq: count,
    reason: refusal,
    highest: optionalBallot,
    holder: optionalNode,
    remainingMs: duration,
  }),
  "release": variant(7, { ballot, successor: optionalNode }),
  "yield": variant(8, { ballot }),
  "fetch": variant(9, { ballot, index: count, part, count: whole(1, 64) }),
  "chunk": variant(10, { entry: entryRef, part, bytes }),
  "recall": variant(11, { seq: count }),
  "told": variant(12, {
    seq: count,
    remembers: bool,
    highest: optionalBallot,
    released: optionalBallot,
    accepted: optionalEntryRef,
    state,
    cleared: lives,
  }, (told) => stateProblem(told.accepted, told.state)),
  "command": variant(32, { request: text, command, who: text }),
  "outcome": variant(33, { request: text, outcome }),
  "config-ask": variant(34, { part }),
  "config-tell": variant(35, { part, parts: part, pairs: list(pair, 8) }),
});
