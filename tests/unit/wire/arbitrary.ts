/** Any packet, for property tests. */
import fc from "fast-check";
import type { Ballot } from "../../../src/election/ballot.ts";
import type { EntryRef, Header, Message } from "../../../src/election/messages.ts";
import type { Command, NodeMessage, Outcome, Packet } from "../../../src/node/events.ts";

type Anything = Message | NodeMessage;
type Kinds = { [K in Anything["kind"]]: fc.Arbitrary<Extract<Anything, { kind: K }>> };

/** Records with the ordinary prototype, as the decoder makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const u32 = fc.nat(0xffff_ffff);
const id = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 0xffff }));
const hex = fc.constantFrom(..."0123456789abcdef");
const incarnation = fc.array(hex, { minLength: 16, maxLength: 16 }).map((digits) => digits.join(""));
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
/** A whole number of microseconds, as it travels. */
const duration = fc.nat(10_000_000_000).map((us) => us / 1000);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const part = fc.nat(0xffff);
const text = fc.string({ unit: "grapheme", maxLength: 40 });

const ballot: fc.Arbitrary<Ballot> = record({ term: count, node: id, incarnation });
const refOf = (size: number): fc.Arbitrary<EntryRef> =>
  record({ ballot, index: count, digest: u32, size: fc.constant(size) });
const ref = fc.nat(16 * 1024 * 1024).chain(refOf);
const life = record({ id, incarnation });
const reason = fc.constantFrom(
  ...["promised", "stale", "released", "joining", "config", "outranked", "successor"] as const,
);

/** An entry without its bytes, with them, or none. */
const entryAndState: fc.Arbitrary<readonly [EntryRef | null, Uint8Array | null]> = fc.oneof(
  maybe(ref).map((entry) => [entry, null] as const),
  bytes(700).chain((state) => refOf(state.length).map((entry) => [entry, state] as const)),
);

const command: fc.Arbitrary<Command> = fc.oneof(
  record({ kind: fc.constant("switch" as const), service: text, target: text, dryRun: fc.boolean() }),
  record({ kind: fc.constant("unpin" as const), service: text }),
  record({ kind: fc.constantFrom("drain" as const, "undrain" as const), service: text, target: text }),
  record({ kind: fc.constant("step-down" as const) }),
);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  record({ ok: fc.constant(true as const), message: text }),
  record({
    ok: fc.constant(false as const),
    reason: fc.constantFrom("busy" as const, "refused" as const, "unknown" as const),
    message: text,
  }),
);

/** Each kind of message. */
export const messages: Kinds = {
  "hello": fc.constant({ kind: "hello" }),
  "ask": record({ kind: fc.constant("ask"), seq: count, released: maybe(ballot) }),
  "would": record({
    kind: fc.constant("would"),
    seq: count,
    yes: fc.boolean(),
    reason: maybe(reason),
    term: count,
    holder: maybe(id),
    remainingMs: duration,
  }),
  "claim": fc.tuple(
    entryAndState,
    record({
      ballot,
      seq: count,
      leaseMs: fc.double({ min: 0.001, max: 1e9, noNaN: true }),
      commit: count,
      released: maybe(ballot),
    }),
  ).map(([[entry, state], rest]) => ({ kind: "claim", entry, state, ...rest })),
  "grant": fc.tuple(entryAndState, record({ ballot, seq: count }))
    .map(([[accepted, state], rest]) => ({ kind: "grant", accepted, state, ...rest })),
  "deny": record({
    kind: fc.constant("deny"),
    ballot,
    seq: count,
    reason,
    highest: maybe(ballot),
    holder: maybe(id),
    remainingMs: duration,
  }),
  "release": record({ kind: fc.constant("release"), ballot, successor: maybe(id) }),
  "yield": record({ kind: fc.constant("yield"), ballot }),
  "fetch": record({
    kind: fc.constant("fetch"),
    ballot,
    index: count,
    part,
    count: fc.integer({ min: 1, max: 64 }),
  }),
  "chunk": record({ kind: fc.constant("chunk"), entry: ref, part, bytes: bytes(900) }),
  "recall": record({ kind: fc.constant("recall"), seq: count }),
  "told": fc.tuple(
    entryAndState,
    record({
      seq: count,
      remembers: fc.boolean(),
      highest: maybe(ballot),
      released: maybe(ballot),
      cleared: fc.array(life, { maxLength: 7 }),
    }),
  ).map(([[accepted, state], rest]) => ({ kind: "told", accepted, state, ...rest })),
  "command": record({ kind: fc.constant("command"), request: text, command, who: text }),
  "outcome": record({ kind: fc.constant("outcome"), request: text, outcome }),
  "config-ask": record({ kind: fc.constant("config-ask"), part }),
  "config-tell": record({
    kind: fc.constant("config-tell"),
    part,
    parts: part,
    pairs: fc.array(fc.tuple(u32, u32), { maxLength: 100 }),
  }),
};

const header: fc.Arbitrary<Header> = record({
  from: id,
  incarnation,
  to: maybe(incarnation),
  stamp: number,
  echo: maybe(record({ stamp: number, heldMs: duration })),
  count: u32,
  heard: fc.array(record({ id, incarnation, twin: fc.boolean() }), { maxLength: 9 }),
  joining: fc.boolean(),
});

/** A packet around one message. */
export function packetOf(message: fc.Arbitrary<Anything>): fc.Arbitrary<Packet> {
  return record({ header, message, report: maybe(bytes(200)), configDigest: u32 });
}

/** Any packet. */
export const anyPacket: fc.Arbitrary<Packet> = packetOf(fc.oneof(...Object.values(messages)));
