/** SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of 64 bits, quick for the few octets that a cookie covers. */

/** The key as four words, little-endian. */
export type SipKey = readonly [number, number, number, number];

/** A key of sixteen octets. */
export function sipKey(octets: Uint8Array): SipKey {
  const view = new DataView(octets.buffer, octets.byteOffset, 16);
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)];
}

/** The eight octets of the hash, in the order in which the reference writes them. */
export function sipHash(key: SipKey, message: Uint8Array): Uint8Array {
  const state = new Int32Array([
    // lo, hi of v0, v1, v2, v3: the key with "somepseudorandomlygeneratedbytes".
    ...[key[0] ^ 0x70736575, key[1] ^ 0x736f6d65, key[2] ^ 0x6e646f6d, key[3] ^ 0x646f7261],
    ...[key[0] ^ 0x6e657261, key[1] ^ 0x6c796765, key[2] ^ 0x79746573, key[3] ^ 0x74656462],
  ]);
  const whole = message.length & ~7;
  for (let at = 0; at < whole; at += 8) absorb(state, word(message, at), word(message, at + 4));
  const last = new Uint8Array(8);
  last.set(message.subarray(whole));
  last[7] = message.length & 0xff;
  absorb(state, word(last, 0), word(last, 4));
  state[4]! ^= 0xff;
  for (let i = 0; i < 4; i++) round(state);
  const lo = state[0]! ^ state[2]! ^ state[4]! ^ state[6]!;
  const hi = state[1]! ^ state[3]! ^ state[5]! ^ state[7]!;
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setInt32(0, lo, true);
  view.setInt32(4, hi, true);
  return out;
}

function absorb(state: Int32Array, lo: number, hi: number): void {
  state[6]! ^= lo;
  state[7]! ^= hi;
  round(state);
  round(state);
  state[0]! ^= lo;
  state[1]! ^= hi;
}

function round(v: Int32Array): void {
  add(v, 0, 2);
  turn(v, 2, 13);
  mix(v, 2, 0);
  swap(v, 0);
  add(v, 4, 6);
  turn(v, 6, 16);
  mix(v, 6, 4);
  add(v, 0, 6);
  turn(v, 6, 21);
  mix(v, 6, 0);
  add(v, 4, 2);
  turn(v, 2, 17);
  mix(v, 2, 4);
  swap(v, 4);
}

/** v[a] += v[b], 64 bits. */
function add(v: Int32Array, a: number, b: number): void {
  const lo = (v[a]! >>> 0) + (v[b]! >>> 0);
  v[a] = lo | 0;
  v[a + 1] = (v[a + 1]! + v[b + 1]! + (lo > 0xffff_ffff ? 1 : 0)) | 0;
}

/** v[a] ^= v[b]. */
function mix(v: Int32Array, a: number, b: number): void {
  v[a]! ^= v[b]!;
  v[a + 1]! ^= v[b + 1]!;
}

/** Turns v[a] left by fewer than 32 bits. */
function turn(v: Int32Array, a: number, bits: number): void {
  const lo = v[a]!;
  const hi = v[a + 1]!;
  v[a] = (lo << bits) | (hi >>> (32 - bits));
  v[a + 1] = (hi << bits) | (lo >>> (32 - bits));
}

/** Turns v[a] by 32 bits. */
function swap(v: Int32Array, a: number): void {
  const lo = v[a]!;
  v[a] = v[a + 1]!;
  v[a + 1] = lo;
}

function word(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}
