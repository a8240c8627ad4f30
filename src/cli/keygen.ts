/** `abfail keygen`: a cluster key. */
import { print } from "./output.ts";

/** 32 bytes of chance as base64. */
export function freshKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

/** Prints a fresh key. */
export function keygenCommand(): Promise<number> {
  print(freshKey());
  return Promise.resolve(0);
}
