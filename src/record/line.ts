/** One step as one line of a recording: what the core was given, and a digest of what it did. */
import type { NodeEvent } from "../node/events.ts";
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
const DEADLINE = "0";

/** One line, without its newline. */
export function encodeStep({ now, wallMs, digest, draws, event }: RecordedStep): string {
  const given = event.kind === "deadline" ? DEADLINE : JSON.stringify(event, pack);
  return `[${now},${wallMs},${digest},${draws.length === 0 ? 0 : `[${draws.join(",")}]`},${given}]`;
}

/** The step of a line, parsed from JSON already; null when it is none. */
export function decodeStep(line: unknown): RecordedStep | null {
  if (!Array.isArray(line) || line.length !== 5) return null;
  const [now, wallMs, digest, draws, given] = line as unknown[];
  if (typeof now !== "number" || typeof wallMs !== "number" || typeof digest !== "number") return null;
  const drawn = Array.isArray(draws) ? draws.filter((draw) => typeof draw === "number") : [];
  if (given === 0) return { now, wallMs, digest, draws: drawn, event: { kind: "deadline" } };
  if (typeof given !== "object" || given === null || !("kind" in given)) return null;
  return { now, wallMs, digest, draws: drawn, event: unpack(given) as NodeEvent };
}

function pack(_key: string, value: unknown): unknown {
  if (value === undefined) return { $: "undefined" };
  if (typeof value === "number" && !Number.isFinite(value)) return { $: `${value}` };
  return value instanceof Uint8Array ? { $bytes: bytesText(value) } : value;
}

function unpack(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  if ("$bytes" in value && typeof value.$bytes === "string") return textBytes(value.$bytes);
  if ("$" in value) return value.$ === "undefined" ? undefined : Number(value.$);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}
