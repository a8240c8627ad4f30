/** What the metrics count, from the parts that count it. */
import type { ApiServer } from "../adapters/api/server.ts";
import type { CounterSample } from "../view/metrics.ts";
import type { PeerLink } from "./link.ts";
import type { ZoneService } from "./zone_service.ts";

/** All counters since the start that the sockets keep. */
export function countersOf(
  link: PeerLink,
  dns: ZoneService | null,
  api: ApiServer | null = null,
): CounterSample[] {
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
    ...(api === null ? [] : labelled(
      "api_refused_total",
      "Connections to the API that were turned away or cut, by reason",
      "reason",
      api.refused,
    )),
  ];
}

function dnsCounters(dns: ZoneService): CounterSample[] {
  const seen = dns.server.counters();
  const { sent, acknowledged, refused, unanswered } = dns.notifier.counters;
  return [
    ...labelled("dns_queries_total", "DNS queries answered, by type", "type", Object.entries(seen.byType)),
    ...labelled("dns_answers_total", "DNS answers, by rcode", "rcode", Object.entries(seen.byRcode)),
    { name: "dns_dropped_total", help: "DNS messages answered by silence", value: seen.dropped },
    { name: "dns_truncated_total", help: "DNS answers with TC", value: seen.truncated },
    ...labelled(
      "dns_rate_limited_total",
      "DNS answers not given to networks that had too many, and empty ones given instead",
      "answer",
      [["none", seen.limited.dropped], ["truncated", seen.limited.slipped]],
    ),
    { name: "dns_transfers_total", help: "Whole zones handed to secondaries", value: seen.transfers },
    { name: "dns_notifies_sent_total", help: "NOTIFY messages sent to secondaries", value: sent },
    ...labelled(
      "dns_notifies_total",
      "Changes told to secondaries, by what came of it",
      "result",
      Object.entries({ acknowledged, refused, unanswered }),
    ),
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
