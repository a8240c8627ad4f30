/** What lies on a disk or travels inside the register: decisions, state files, recordings. */
import { decodeState, encodeState } from "../../../src/failover/codec.ts";
import { AILING_TEXT_MAX, type ClusterState } from "../../../src/failover/cluster_state.ts";
import { decodeState as decodeFile, encodeState as encodeFile } from "../../../src/adapters/state_file.ts";
import { parseRecording } from "../../../src/record/recording.ts";
import { replay } from "../../../src/record/replay.ts";
import { createHash } from "node:crypto";
import { BALLOT, ENTRY } from "../../unit/wire/samples.ts";
import { recordedText } from "../../support/recorded.ts";
import { mutateJson, pick, spliced } from "../mutate.ts";
import { must, mustBeWords, octets, type Subject, textOf } from "../subject.ts";

const SWITCH = {
  from: "nyc1",
  to: "sfo2",
  reason: "down",
  atWallMs: 1_763_881_200_123,
  epoch: "1763881200123.1",
  detectMs: 2100,
} as const;

const STATES: readonly ClusterState[] = [
  { serial: 1, services: {} },
  {
    serial: 0xffff_ffff,
    zone: 7,
    services: {
      constructor: { active: null, activeSinceWallMs: 0, pinned: null, drained: [], lastSwitch: null },
      web: {
        active: "sfo2",
        activeSinceWallMs: 1_763_881_200_123,
        pinned: "sfo2",
        drained: ["nyc1"],
        lastSwitch: SWITCH,
        pinnedBy: { who: "token from 10.0.0.7", atWallMs: 5 },
        drainedBy: [{ who: "socket", atWallMs: 6, target: "nyc1" }],
        undoneBy: { who: "socket", atWallMs: 6, target: "nyc1" },
        falls: [{ target: "nyc1", count: 3, atWallMs: 9 }],
        proven: [{ publisher: "route53 web.example.com", atWallMs: 10 }],
        ailing: [{ publisher: "route53 web.example.com", how: "unproven", why: "HTTP 401", atWallMs: 12 }],
      },
    },
    notices: [{
      key: "web/switch/5f3a09c1",
      event: "switch",
      phase: "trouble",
      service: "web",
      text: "web: nyc1 -> sfo2 (down).",
      epoch: "1763881200123.1",
      atWallMs: 11,
      data: { from: "nyc1", detectMs: 2100, node: null },
      waits: ["0a1b2c3d"],
    }],
  },
];

/** The state that the cluster has decided: read, it is in range, and it is written as it was read. */
export function decision(): Subject {
  return {
    name: "decision",
    about: "the replicated decisions: from whoever has the cluster key, or from a state file",
    corpus: STATES.map(encodeState),
    maxOctets: 256 * 1024,
    mutate: mutateJson,
    check: (input): void => {
      const read = decodeState(input);
      if (!read.ok) return mustBeWords(read.error, "the problem");
      for (const [name, service] of Object.entries(read.value.services)) {
        for (const hand of [service.pinnedBy, service.undoneBy, ...service.drainedBy ?? []]) {
          must(
            hand === undefined || (hand.who.length >= 1 && hand.who.length <= 100),
            `${name}: who has ${hand?.who.length} characters`,
          );
        }
        for (const { count } of service.falls ?? []) {
          must(Number.isSafeInteger(count) && count >= 1, `${name}: ${count} falls`);
        }
        for (const { why } of service.ailing ?? []) {
          must(why.length <= AILING_TEXT_MAX, `${name}: ${why.length} characters of an ailment`);
        }
        const times = [service.activeSinceWallMs, service.lastSwitch?.atWallMs ?? 0];
        times.push(...read.value.notices?.map(({ atWallMs }) => atWallMs) ?? []);
        for (const ms of times) must(!Number.isNaN(new Date(ms).getTime()), `${name}: ${ms} is no time`);
      }
      const written = encodeState(read.value);
      const again = decodeState(written);
      must(again.ok, "what was written cannot be read");
      must(textOf(encodeState(again.value)) === textOf(written), "equal states are not equal bytes");
    },
  };
}

const OWNER = { clusterName: "prod", self: 1 } as const;
const MAGIC_OCTETS = 15;
const DIGEST_OCTETS = 32;

/** A node's memory. Half of the inputs get a checksum that fits, so that what is behind it is read. */
export function stateFile(): Subject {
  const state = encodeState(STATES[1]!);
  const memories = [
    { highest: null, released: null, accepted: null },
    { highest: BALLOT, released: { ...BALLOT, term: 4 }, accepted: { ...ENTRY, size: state.length, state } },
  ];
  return {
    name: "state-file",
    about: "the file of state_dir: from a failing disk, or whoever may write there",
    corpus: memories.map((memory) => encodeFile(OWNER, memory)),
    maxOctets: 64 * 1024,
    mutate: (input, random): Uint8Array => {
      const at = MAGIC_OCTETS + DIGEST_OCTETS + Math.floor(random.next() * Math.max(1, input.length - 47));
      return spliced(
        input,
        Math.min(at, input.length),
        1,
        Uint8Array.of(pick(random, [0, 1, 0x7f, 0x80, 0xff])),
      );
    },
    check: (input): void => {
      const fitted = input.slice();
      if (fitted.length > MAGIC_OCTETS + DIGEST_OCTETS) {
        const digest = createHash("sha256").update(fitted.subarray(MAGIC_OCTETS + DIGEST_OCTETS)).digest();
        fitted.set(digest, MAGIC_OCTETS);
      }
      for (const file of [input, fitted]) {
        const read = decodeFile(OWNER, file);
        if (!read.ok) {
          mustBeWords(read.error, "the problem");
          continue;
        }
        must(
          encodeFile(OWNER, read.value).toHex() === file.toHex(),
          "a memory that is written otherwise than it was read",
        );
      }
    },
  };
}

/** What `record` wrote and `simulate --replay` reads: any file, perhaps of somebody else. */
export function recording(): Subject {
  const text = recordedText();
  const whole = parseRecording(text);
  const states = new Set(whole.ok ? whole.value.segments.map(({ state }) => state) : []);
  return {
    name: "recording",
    about: "the file of `simulate --replay`: from anyone whom a user believes",
    corpus: [octets(text)],
    maxOctets: 512 * 1024,
    cpuMs: 3000,
    words: [
      '{"$":"undefined"}',
      '{"$bytes":"AAAA"}',
      "[0]",
      "[1]",
      '["-0"]',
      '{"a":[[0]]}',
      '{"kind":"deadline"}',
    ],
    mutate: (input, random): Uint8Array => {
      const lines = textOf(input).split("\n");
      const at = Math.floor(random.next() * lines.length);
      lines[at] = textOf(mutateJson(octets(lines[at] ?? ""), random));
      return octets(lines.join("\n"));
    },
    check: (input): void => {
      const read = parseRecording(textOf(input));
      if (!read.ok) return mustBeWords(read.error, "the problem");
      // A state that was made up can hold settings that no config may have, with which a replay goes on for ever: what
      // is replayed here is a true state and any steps.
      if (!read.value.segments.every(({ state }) => states.has(state))) return;
      let replayed;
      try {
        replayed = replay(read.value);
      } catch (problem) {
        // "Throws when a segment's state cannot be read": the command says so.
        must(problem instanceof Error, "something else than an error was thrown");
        return;
      }
      must(replayed.steps <= input.length, "more steps than there are octets");
    },
  };
}
