/** The keys `ip`, `droplets` and `servers` of publishers that move an address. */
import { err, ok } from "../base/result.ts";
import { type HostKind, hostKind } from "./address.ts";
import { type Field, fromText } from "./field.ts";
import { foundText } from "./problem.ts";

/** An address that belongs to the user at a provider. */
export function ownAddress(kinds: readonly HostKind[]): Field<string> {
  return fromText("an IP address", "203.0.113.9", (value) => {
    const kind = hostKind(value);
    if (kind !== null && kinds.includes(kind)) return ok(value);
    const needed = kinds.includes("ipv6") ? "an IPv4 or IPv6 address" : "an IPv4 address";
    return err({ message: `found ${foundText(value)}; ${needed} is needed` });
  });
}

/** Machines at most: more than a service can have targets. */
const MAX_MACHINES = 64;

/** The numbers of machines by the names of targets. */
export function machines(key: string): Field<Readonly<Record<string, number>>> {
  const example = `such as ${key} = { nyc1 = 3164444, sfo2 = 3164445 }`;
  return {
    schema: {
      type: "object",
      additionalProperties: { type: "integer", minimum: 1 },
      minProperties: 1,
      maxProperties: MAX_MACHINES,
    },
    read(value, path, reading): Readonly<Record<string, number>> | undefined {
      if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) {
        reading.report(path, `found ${foundText(value)}; a table is needed: target = number`, [example]);
        return undefined;
      }
      const entries = Object.entries(value);
      if (entries.length === 0 || entries.length > MAX_MACHINES) {
        reading.report(path, `found ${entries.length} ${key}; 1 to ${MAX_MACHINES} are allowed`, [example]);
        return undefined;
      }
      const read: Record<string, number> = {};
      for (const [name, number] of entries) {
        if (typeof number === "number" && Number.isSafeInteger(number) && number > 0) read[name] = number;
        else {
          const help = typeof number === "string" && /^[0-9]+$/.test(number) ? ["without the quotes"] : [];
          reading.report(
            [...path, name],
            `found ${foundText(number)}; the provider's number is needed`,
            help,
          );
        }
      }
      return read;
    },
  };
}
