/** The front door of the embedded DNS server for all but zone transfers: bytes in, bytes out. */
import { answerPrepared } from "./prepared.ts";
import { respond, type Transport } from "./respond.ts";
import { readUsualQuery } from "./usual_query.ts";
import type { Zone } from "./prepared.ts";

/**
 * Answers one query from these zones, none of which lies in another, authoritatively (AA). Null = say nothing:
 * fewer than twelve octets, or not a query. What is answered how:
 *
 *   no such name            NXDOMAIN, SOA        no such type        NOERROR, SOA
 *   alias                   CNAME, followed while it stays inside the zone
 *   ANY                     one set (RFC 8482)   AXFR, IXFR          REFUSED (see transfer.ts)
 *   outside every zone      REFUSED              class CH, ANY ...   REFUSED
 *   not opcode QUERY        NOTIMP               EDNS version > 0    BADVERS
 *   broken, or not exactly one question          FORMERR
 *   does not fit into UDP   TC, no records
 */
export function answer(zones: readonly Zone[], query: Uint8Array, transport: Transport): Uint8Array | null {
  const usual = readUsualQuery(query);
  const ready = usual === null ? null : answerPrepared(zones, query, transport, usual);
  return ready ?? respond(zones, query, transport);
}

export { respondServfail as answerServfail } from "./respond.ts";
export type { Transport } from "./respond.ts";
