/**
 * What each publisher promises, as the suites of this folder hold it to: they take `fence`, `leastTtlS` and `requests`
 * from here and prove them against the far side that is named. `deno run tests/contract/conformance.ts` prints the table
 * of the README; `conformance_test.ts` fails where the two differ, or where the program says something else.
 */
import type { PublisherConfig } from "../../src/config/publisher.ts";
import type { PublisherStatus } from "../../src/view/status_type.ts";

export type PublisherType = PublisherConfig["type"];

/** One row of the table. */
export interface Promised {
  /** `epoch`: the answer and the epoch change together, or neither. `whole`: the answer changes as a whole. */
  readonly atomic: "epoch" | "whole" | "value-then-ttl" | "yours";
  readonly fence: PublisherStatus["fence"];
  /** A key of the config: where the user gives it. */
  readonly readBack: "yes" | "read_command" | "read_url";
  /** Below it the far side refuses, s; null: it takes any; undefined: there is none. */
  readonly leastTtlS: number | null | undefined;
  readonly against: string;
}

const A_FAKE = "a fake of the API";

/** All publishers, in the order of the README. */
export const PROMISED: Readonly<Record<PublisherType, Promised>> = {
  dns: {
    atomic: "epoch",
    fence: "compare-and-set",
    readBack: "yes",
    leastTtlS: null,
    against: "dig, unbound, dnsmasq, systemd-resolved, BIND",
  },
  rfc2136: {
    atomic: "epoch",
    fence: "compare-and-set",
    readBack: "yes",
    leastTtlS: null,
    against: "BIND, Knot, PowerDNS",
  },
  powerdns: {
    atomic: "whole",
    fence: "lease-only",
    readBack: "yes",
    leastTtlS: null,
    against: "PowerDNS (HTTP API)",
  },
  route53: { atomic: "epoch", fence: "compare-and-set", readBack: "yes", leastTtlS: null, against: A_FAKE },
  "google-dns": {
    atomic: "epoch",
    fence: "compare-and-set",
    readBack: "yes",
    leastTtlS: null,
    against: A_FAKE,
  },
  cloudflare: { atomic: "epoch", fence: "claim", readBack: "yes", leastTtlS: 60, against: A_FAKE },
  "digitalocean-dns": {
    atomic: "whole",
    fence: "lease-only",
    readBack: "yes",
    leastTtlS: 30,
    against: A_FAKE,
  },
  "hetzner-dns": {
    atomic: "value-then-ttl",
    fence: "lease-only",
    readBack: "yes",
    leastTtlS: 60,
    against: A_FAKE,
  },
  desec: { atomic: "whole", fence: "lease-only", readBack: "yes", leastTtlS: 3600, against: A_FAKE },
  gandi: { atomic: "whole", fence: "lease-only", readBack: "yes", leastTtlS: 300, against: A_FAKE },
  "digitalocean-reserved-ip": {
    atomic: "whole",
    fence: "lease-only",
    readBack: "yes",
    leastTtlS: undefined,
    against: A_FAKE,
  },
  "hetzner-floating-ip": {
    atomic: "whole",
    fence: "lease-only",
    readBack: "yes",
    leastTtlS: undefined,
    against: A_FAKE,
  },
  webhook: {
    atomic: "yours",
    fence: "lease-only",
    readBack: "read_url",
    leastTtlS: undefined,
    against: "a small server",
  },
  exec: {
    atomic: "yours",
    fence: "lease-only",
    readBack: "read_command",
    leastTtlS: undefined,
    against: "shell scripts",
  },
};

const ATOMIC: Readonly<Record<Promised["atomic"], string>> = {
  epoch: "yes, with the epoch",
  whole: "yes",
  "value-then-ttl": "the value; then the TTL",
  yours: "as yours is",
};

/** The rows as Markdown, one line each, the head first. */
export function conformanceTable(): readonly string[] {
  const head = [
    "publisher",
    "one atomic change",
    "a late write of an earlier leader is",
    "read back",
    "least TTL",
    "proved against",
  ];
  const rows = Object.entries(PROMISED).map(([type, promised]) => [
    `\`${type}\``,
    ATOMIC[promised.atomic],
    lateWords(type, promised),
    promised.readBack === "yes" ? "yes" : `with \`${promised.readBack}\``,
    ttlWords(promised.leastTtlS),
    promised.against,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function lateWords(type: string, { fence, readBack }: Promised): string {
  if (type === "dns") return "impossible: it is the committed state";
  switch (fence) {
    case "compare-and-set":
      return "refused (`compare-and-set`)";
    case "claim":
      return "refused, if a batch is a transaction (`claim`)";
    case "lease-only":
      return readBack === "yes"
        ? "seen, put right (`lease-only`)"
        : "put right where it can be read (`lease-only`)";
  }
}

function ttlWords(seconds: number | null | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds === null) return "any";
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 && seconds > 60 ? `${seconds / 60} min` : `${seconds} s`;
}

if (import.meta.main) console.log(conformanceTable().join("\n"));
