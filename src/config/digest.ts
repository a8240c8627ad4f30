/** Digests of a config, to find out whether two nodes run with the same one, and where they differ. */
import type { Config } from "./config.ts";

/** FNV-1a of UTF-16 code units, 32 bits: tells configs apart by accident, not by malice (datagrams are sealed). */
export function fnv32(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (code >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/** One leaf of a config. */
export interface FlatDigest {
  readonly path: string;
  /** 32 bits each. */
  readonly pathDigest: number;
  readonly valueDigest: number;
}

/**
 * Each leaf of `config.flat`, in the order of the paths. Made once for a config: peers ask for it part by part, and a
 * large one has tens of thousands of leaves.
 */
export function flatDigests(config: Config): readonly FlatDigest[] {
  const known = made.get(config);
  if (known !== undefined) return known;
  const digests = sortedFlat(config).map(([path, value]) => ({
    path,
    pathDigest: fnv32(path),
    valueDigest: fnv32(value),
  }));
  made.set(config, digests);
  return digests;
}

/** What `flatDigests` has made; goes away with its config. */
const made = new WeakMap<Config, readonly FlatDigest[]>();

/** One number for all of `config.flat`: equal for equal configs, whatever the order in the file. */
export function configDigest(config: Config): number {
  let hash = fnv32("");
  for (const [path, value] of sortedFlat(config)) hash = fnv32(`${path}\n${value}\n`, hash);
  return hash;
}

function sortedFlat(config: Config): [string, string][] {
  return [...config.flat].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}
