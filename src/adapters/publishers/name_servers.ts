/** The authoritative name servers of a zone, as the system's resolver tells them. */
import { lookup } from "node:dns/promises";
import { err, ok, type Result } from "../../base/result.ts";
import type { HostPort } from "../../config/config.ts";

/** One authoritative server. */
export interface NamedServer {
  /** Such as ns1.example.com. */
  readonly name: string;
  readonly at: HostPort;
}

/** Servers of one zone at most: delegations have 13 at most in practice. */
const SERVERS_MAX = 16;
const DNS_PORT = 53;

/** Looks up NS and then an address of each; the error is one phrase for people. Never rejects. */
export async function nameServersOf(
  zone: string,
  signal: AbortSignal,
): Promise<Result<readonly NamedServer[], string>> {
  let names: string[];
  try {
    names = await Deno.resolveDns(`${zone}.`, "NS", { signal });
  } catch (problem) {
    if (signal.aborted) return err("the lookup of its name servers took too long");
    if (problem instanceof Deno.errors.NotFound) return err(`no name servers of ${zone} are known`);
    return err(`the name servers of ${zone} cannot be looked up`);
  }
  const bare = [...new Set(names.map((name) => name.replace(/\.$/, "").toLowerCase()))].sort();
  const found = await Promise.all(
    bare.slice(0, SERVERS_MAX).map(async (name) => {
      const address = await lookup(name, { family: 4 }).catch(() => lookup(name)).catch(() => null);
      // An address that is not found is asked in vain and told: the delegation is broken there.
      return { name, at: { host: address?.address ?? name, port: DNS_PORT } };
    }),
  );
  return found.length === 0 ? err(`no name servers of ${zone} are known`) : ok(found);
}
