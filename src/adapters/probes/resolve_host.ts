/** Host names to addresses, the way the system does it (hosts file, search domains). */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Attempt } from "./finding.ts";

/**
 * Addresses of a host, the best first; an IP address is its own. Rejects with ENOTFOUND, or when the attempt
 * ends: a lookup cannot be stopped, so it is left behind then.
 */
export async function resolveHost(host: string, attempt: Attempt): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await Promise.race([lookup(host, { all: true }), attempt.aborted]);
  if (found === undefined || attempt.signal.aborted) throw new Error("aborted");
  attempt.trace?.mark("resolved");
  return found.map(({ address }) => address);
}
