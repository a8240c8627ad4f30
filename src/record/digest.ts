/** A digest of what a step did: two runs of one step that differ in anything have different digests. */
import type { Effect } from "../node/events.ts";

const START = 0x811c9dc5;
const PRIME = 0x01000193;
const FLOAT = new Float64Array(1);
const WORDS = new Uint32Array(FLOAT.buffer);

/**
 * FNV-1a over the values of the effects in order, 32 bits. Makes no text, so that it costs little; of datagrams, by far
 * the most, it takes what they say and leaves out whom the sender hears (that is in the states, once a minute).
 */
export function digestEffects(effects: readonly Effect[]): number {
  if (effects.length === 0) return 0;
  let hash = START;
  for (const effect of effects) hash = effect.kind === "send" ? mixSend(hash, effect) : mix(hash, effect);
  return hash >>> 0;
}

function mixSend(hash: number, { to, packet }: Extract<Effect, { kind: "send" }>): number {
  const { header, message, report } = packet;
  const sent = mix(mix(mix(hash, to), header.stamp), header.count);
  return mix(mixValues(sent, message), report);
}

/** Without the names: the kind, which comes first, says them. */
function mixValues(hash: number, value: object): number {
  let mixed = hash;
  for (const key in value) mixed = mix(mixed, (value as Record<string, unknown>)[key]);
  return mixed;
}

function mix(hash: number, value: unknown): number {
  switch (typeof value) {
    case "string":
      return mixText(hash, value);
    case "number":
      FLOAT[0] = value;
      return Math.imul(Math.imul(hash ^ (WORDS[0] ?? 0), PRIME) ^ (WORDS[1] ?? 0), PRIME);
    case "boolean":
      return Math.imul(hash ^ (value ? 1 : 2), PRIME);
    case "object":
      return value === null ? Math.imul(hash ^ 3, PRIME) : mixObject(hash, value);
    default:
      return Math.imul(hash ^ 4, PRIME);
  }
}

function mixText(hash: number, text: string): number {
  let mixed = Math.imul(hash ^ text.length, PRIME);
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), PRIME);
  return mixed;
}

function mixObject(hash: number, value: object): number {
  let mixed = hash;
  if (value instanceof Uint8Array || Array.isArray(value)) {
    mixed = Math.imul(mixed ^ value.length, PRIME);
    for (let i = 0; i < value.length; i++) mixed = mix(mixed, value[i]);
    return mixed;
  }
  for (const key of Object.keys(value)) {
    mixed = mix(mixText(mixed, key), (value as Record<string, unknown>)[key]);
  }
  return mixed;
}
