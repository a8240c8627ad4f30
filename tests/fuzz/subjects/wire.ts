/** Datagrams of the cluster's port: anyone may send one; whoever has the key may send any body. */
import fc from "fast-check";
import { decodeBody, encodeBody } from "../../../src/wire/codec.ts";
import { createOpener, createSealer } from "../../../src/wire/seal.ts";
import type { Packet } from "../../../src/node/events.ts";
import { messages, packetOf } from "../../unit/wire/arbitrary.ts";
import { CLAIM, GRANT, HELLO, LIFE_1, wire, wire2 } from "../../unit/wire/samples.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";
import { below } from "../mutate.ts";
import { must, mustBeWords, type Subject } from "../subject.ts";

/** Three packets of each kind, always the same ones. */
function samples(): Packet[] {
  const drawn = Object.values(messages).flatMap((kind) =>
    fc.sample(packetOf(kind as Parameters<typeof packetOf>[0]), { numRuns: 3, seed: 11 })
  );
  return [HELLO, CLAIM, GRANT, ...drawn];
}

const REJECTIONS = [
  ...["not-ours", "truncated", "version", "own", "unknown-sender", "misdirected", "replay", "unknown-key"],
  ...["bad-tag", "flood", "other-members", "twin", "malformed", "unproven"],
];

/** Anything at all at the port. Nothing but what was sealed opens, and once. */
export function datagram(): Subject {
  const sealer = createSealer(wire());
  const corpus = samples().map((packet) =>
    sealer.seal(2, { ...packet, header: { ...packet.header, from: 1, incarnation: LIFE_1 } })
  );
  const known = new Set(corpus.map((bytes) => bytes.toHex()));
  return {
    name: "datagram",
    about: "sealed datagrams at the cluster's port: from anyone",
    corpus,
    maxOctets: 65_507,
    check: (input): void => {
      const opener = createOpener(wire2());
      const opened = opener.open(input, 0);
      must(!opened.ok || known.has(input.toHex()), "a datagram that nobody sealed was opened");
      must(opened.ok || REJECTIONS.includes(opened.error.kind), "a refusal without a known reason");
      if (opened.ok) must(!opener.open(input, 1).ok, "a datagram was opened twice");
    },
  };
}

/** Bodies as whoever has the key may seal them: refused, or exactly one packet whose fields are in their ranges. */
export function body(): Subject {
  return {
    name: "body",
    about: "the plain body of a datagram: from whoever has the cluster key",
    corpus: samples().map(encodeBody),
    maxOctets: 65_000,
    check: (input): void => {
      const read = decodeBody(input, 1, LIFE_1);
      if (!read.ok) return mustBeWords(read.error, "the problem");
      const written = encodeBody(read.value); // throws for a value outside its range
      must(written.toHex() === input.toHex(), "a packet that is written in another way than it was read");
    },
  };
}

/** A member gone mad: bodies that decode, given to running nodes. They go on. */
export function member(): Subject {
  const config = testConfig();
  const corpus = samples().map(encodeBody);
  return {
    name: "member",
    about: "any packets at all to running nodes: from whoever has the cluster key",
    corpus,
    maxOctets: 4000,
    cpuMs: 1500,
    mutate: (input, random): Uint8Array => {
      const copy = input.slice();
      if (copy.length > 1) copy[below(random, Math.min(copy.length, 40))] = below(random, 256);
      return copy;
    },
    check: (input): void => {
      const read = decodeBody(input, 3, "00000000000000aa");
      if (!read.ok) return;
      const lab = new NodeLab(config);
      lab.run(4000);
      const two = lab.node(2).election.incarnation;
      const { header } = read.value;
      for (let n = 0; n < 3; n++) {
        for (const id of [1, 2]) {
          const to = n === 0 ? header.to : n === 1 ? two : lab.node(1).election.incarnation;
          lab.give(id, { kind: "received", packet: { ...read.value, header: { ...header, to } } });
        }
        lab.run(300);
      }
      lab.run(15_000);
      // Who has the key can break the election; that nodes go on, without a throw, is what must hold.
      must(lab.events.length < 2000, `${lab.events.length} events`);
    },
  };
}
