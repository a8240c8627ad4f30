/** The keys `rehearse` and `verify` of publishers. */
import { err, ok } from "../base/result.ts";
import { formatHostPort, hostKind, parseAddress } from "./address.ts";
import { duration, type Field, fromText } from "./field.ts";
import { foundText } from "./problem.ts";
import type { VerifyPoint } from "./publisher.ts";

const DAY_MS = 86_400_000;
const DNS_PORT = 53;

const period = duration({ minMs: 1000, maxMs: 30 * DAY_MS });

/** How often to rehearse, ms; null = never. */
export const rehearsePeriod: Field<number | null> = {
  schema: { anyOf: [{ const: "off" }, period.schema] },
  read: (value, path, reading): number | null | undefined =>
    value === "off" ? null : period.read(value, path, reading),
};

/** Who is asked what the world shows: `authoritative`, or `resolver 192.0.2.53` with a port where it is not 53. */
export const verifyPoint: Field<VerifyPoint> = fromText<VerifyPoint>(
  "a place to ask",
  "authoritative",
  (value) => {
    if (value === "authoritative") return ok({ kind: "authoritative" });
    const help = ['allowed: "authoritative", "resolver 1.1.1.1"'];
    const match = /^resolver\s+(\S+)$/.exec(value);
    if (match === null) return err({ message: `found ${foundText(value)}; this is no place to ask`, help });
    const read = parseAddress(match[1] ?? "");
    if (!read.ok) return err({ message: `found ${foundText(value)}; ${read.error}`, help });
    const { host, port } = read.value;
    if (hostKind(host) === "name") {
      return err({ message: `found ${foundText(value)}; a resolver is named by its IP address`, help });
    }
    return ok({ kind: "resolver", host, port: port ?? DNS_PORT });
  },
);

/** As it is written in the config. */
export function verifyText(point: VerifyPoint): string {
  if (point.kind === "authoritative") return point.kind;
  const { host, port } = point;
  return `resolver ${port === DNS_PORT ? host : formatHostPort({ host, port })}`;
}
