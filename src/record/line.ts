/** One step of a recording: what the core was given, and a digest of what it did. */
import type { NodeEvent, Packet } from "../node/events.ts";
import { bytesText, textBytes } from "./graph.ts";

/** What one step was given, and what came of it. */
export interface RecordedStep {
  readonly now: number;
  readonly wallMs: number;
  /** Of its effects, 32 bits (`digest.ts`). */
  readonly digest: number;
  /** The random numbers that it drew, in order. */
  readonly draws: readonly number[];
  readonly event: NodeEvent;
}

/** By far the most frequent event, in short. */
const DEADLINE = 0;

/** A step as plain data for JSON, kept by reference until it is written: what the core is given does not change. */
export function packStep({ now, wallMs, digest, draws, event }: RecordedStep): unknown {
  return [now, wallMs, digest, draws.length === 0 ? 0 : draws, packEvent(event)];
}

function packEvent(event: NodeEvent): unknown {
  if (event.kind === "deadline") return DEADLINE;
  if (event.kind !== "received" || hasBytes(event.packet.message)) return pack(event);
  const { header, message, report, configDigest } = event.packet;
  return { kind: event.kind, packet: { header, message, report: pack(report), configDigest } };
}

function hasBytes(message: Packet["message"]): boolean {
  return ("state" in message && message.state !== null) || "bytes" in message;
}

/** A step that was read as JSON; null when it is none. */
export function unpackStep(line: unknown): RecordedStep | null {
  if (!Array.isArray(line) || line.length !== 5) return null;
  const [now, wallMs, digest, draws, given] = line as unknown[];
  if (typeof now !== "number" || typeof wallMs !== "number" || typeof digest !== "number") return null;
  const drawn = Array.isArray(draws) ? draws.filter((draw) => typeof draw === "number") : [];
  if (given === 0) return { now, wallMs, digest, draws: drawn, event: { kind: "deadline" } };
  if (typeof given !== "object" || given === null || !("kind" in given)) return null;
  return { now, wallMs, digest, draws: drawn, event: unpack(given) as NodeEvent };
}

function pack(value: unknown): unknown {
  if (value === undefined) return { $: "undefined" };
  if (typeof value === "number") return Number.isFinite(value) ? value : { $: `${value}` };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: bytesText(value) };
  if (Array.isArray(value)) return value.map(pack);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]));
}

function unpack(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  if ("$bytes" in value && typeof value.$bytes === "string") return textBytes(value.$bytes);
  if ("$" in value) return value.$ === "undefined" ? undefined : Number(value.$);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}
