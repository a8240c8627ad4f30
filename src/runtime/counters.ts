/** What the metrics count, from the parts that count it. */
import type { DnsServer } from "../adapters/dns_server.ts";
import { counterKey } from "../view/metrics.ts";
import type { PeerLink } from "./link.ts";

/** All counters since the start, by the key that `view/metrics.ts` wants. */
export function countersOf(link: PeerLink, dns: DnsServer | null): Map<string, number> {
  const counters = new Map<string, number>([
    [counterKey("datagrams_sent_total"), link.sent],
    [counterKey("datagrams_received_total"), link.received],
  ]);
  for (const [reason, count] of link.refused) {
    counters.set(counterKey("datagrams_refused_total", { reason }), count);
  }
  for (const [code, count] of link.sendErrors) {
    counters.set(counterKey("datagram_send_errors_total", { code }), count);
  }
  if (dns === null) return counters;
  const seen = dns.counters();
  for (const [type, count] of Object.entries(seen.byType)) {
    counters.set(counterKey("dns_queries_total", { type }), count);
  }
  for (const [rcode, count] of Object.entries(seen.byRcode)) {
    counters.set(counterKey("dns_answers_total", { rcode }), count);
  }
  counters.set(counterKey("dns_dropped_total"), seen.dropped);
  counters.set(counterKey("dns_truncated_total"), seen.truncated);
  return counters;
}
