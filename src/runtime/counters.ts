/** What the metrics count, from the parts that count it. */
import type { DnsServer } from "../adapters/dns_server.ts";
import type { CounterSample } from "../view/metrics.ts";
import type { PeerLink } from "./link.ts";

/** All counters since the start that the sockets keep. */
export function countersOf(link: PeerLink, dns: DnsServer | null): CounterSample[] {
  return [
    { name: "datagrams_sent_total", help: "Datagrams sent to other nodes", value: link.sent },
    { name: "datagrams_received_total", help: "Datagrams received, good or not", value: link.received },
    ...labelled(
      "datagrams_refused_total",
      "Datagrams that were not taken, by reason",
      "reason",
      link.refused,
    ),
    ...labelled("datagram_send_errors_total", "Datagrams that could not be sent", "code", link.sendErrors),
    ...(dns === null ? [] : dnsCounters(dns)),
  ];
}

function dnsCounters(dns: DnsServer): CounterSample[] {
  const seen = dns.counters();
  return [
    ...labelled("dns_queries_total", "DNS queries answered, by type", "type", Object.entries(seen.byType)),
    ...labelled("dns_answers_total", "DNS answers, by rcode", "rcode", Object.entries(seen.byRcode)),
    { name: "dns_dropped_total", help: "DNS messages answered by silence", value: seen.dropped },
    { name: "dns_truncated_total", help: "DNS answers with TC", value: seen.truncated },
  ];
}

function labelled(
  name: string,
  help: string,
  label: string,
  counts: Iterable<readonly [string, number]>,
): CounterSample[] {
  return [...counts].map(([key, value]) => ({ name, help, labels: { [label]: key }, value }));
}
