/** `[[services.publish]]` of the config that `init` writes, for each kind of publisher. */
import { unreachable } from "../base/assert.ts";
import { hostKind } from "../config/address.ts";
import { durationText } from "../config/duration.ts";
import { CLOUD_MIN_TTL_MS, MACHINES } from "../config/publisher.ts";
import { commandWords, PUBLISHER_NEEDS } from "./init_details.ts";
import { type ConfigPlan, shownBy } from "./init_plan.ts";
import type { DetailKey } from "./options.ts";

/** A line with its comment in the column of all others. */
export function line(text: string, comment: string | null = null): string {
  return comment === null ? text : `${text.padEnd(36)} # ${comment}`;
}

/** The table, with a blank line behind it. */
export function publishText(plan: ConfigPlan): string {
  const head = ["[[services.publish]]", line(`type = "${plan.publisher}"`, "or another: README, Config")];
  return [...head, ...body(plan), ""].join("\n");
}

function body(plan: ConfigPlan): readonly string[] {
  const { publisher: type, record, zone } = plan;
  switch (type) {
    case "dns":
      return [`name = "${record}"`, 'ttl = "5s"'];
    case "rfc2136":
      return [
        line(`server = ${given(plan, "server")}`, "the primary, which takes dynamic updates"),
        `zone = "${zone}"`,
        line(`name = "${record}"`, `the key must be allowed to change it and _abfail.${record}`),
        line('key_name = "abfail"', "TSIG, hmac-sha256"),
        secret(plan, "key", "base64, or what tsig-keygen writes; on every node (mode 600)"),
        'ttl = "5s"',
      ];
    case "powerdns":
      return [
        line(`api_url = ${given(plan, "apiUrl")}`, "as every node reaches it; without /api/v1"),
        line('# server_id = "localhost"', "which server behind that address"),
        `zone = "${zone}"`,
        `name = "${record}"`,
        secret(plan, "api_key", "what api-key is in its pdns.conf, on every node (mode 600)"),
        'ttl = "5s"',
      ];
    case "digitalocean-reserved-ip":
    case "hetzner-floating-ip": {
      const { machine, key } = MACHINES[type];
      const all = Object.entries(plan.machines).map(([name, number]) => `${keyText(name)} = ${number}`);
      return [
        line(`ip = ${given(plan, "ip")}`, "the address that moves; no DNS changes"),
        line(`${key} = { ${all.join(", ")} }`, `the ${machine} behind each target, by its number`),
        secret(plan, "token", "of the API, on every node (mode 600); or token_env"),
      ];
    }
    case "webhook":
      return [
        line(`url = ${given(plan, "url")}`, "is POSTed JSON: service, target, address, epoch; 2xx = done"),
        line(
          '# read_url = "https://hooks.example.com/shows"',
          'answers {"value": "…"}: without it no drift is seen',
        ),
        secret(plan, "token", "sent as Authorization: Bearer; on every node (mode 600)"),
      ];
    case "exec": {
      const words = commandWords(plan.details.command ?? "").map((word) => JSON.stringify(word));
      return [
        line(`command = [${words.join(", ")}]`, "no shell; gets ABFAIL_TARGET, ABFAIL_ADDRESS and more"),
        line(
          '# read_command = ["/usr/local/bin/show-address"]',
          "prints what the world shows: without it no drift is seen",
        ),
        '# timeout = "5s"',
      ];
    }
    case "route53":
      return cloud(plan, 30_000, [
        line(`zone_id = ${given(plan, "zoneId")}`, "the hosted zone"),
        line(`access_key_id = ${given(plan, "accessKeyId")}`, "its secret is in token_file"),
      ]);
    case "google-dns":
      return cloud(plan, 30_000, [
        `project = ${given(plan, "project")}`,
        `managed_zone = ${given(plan, "managedZone")}`,
      ]);
    case "digitalocean-dns":
    case "cloudflare":
    case "hetzner-dns":
    case "desec":
    case "gandi":
      return cloud(plan, CLOUD_MIN_TTL_MS[type], []);
    default:
      return unreachable(type);
  }
}

/** A provider's record. `leastMs`: the TTL. */
function cloud(plan: ConfigPlan, leastMs: number, more: readonly string[]): readonly string[] {
  const { publisher: type, record, zone } = plan;
  const label = record === zone ? "@" : record.slice(0, -zone.length - 1);
  const what = type === "route53"
    ? "the secret access key"
    : type === "google-dns"
    ? "the JSON key of a service account"
    : "of the API";
  return [
    `domain = "${zone}"`,
    line(`record = "${label}"`, "the name within it; @ = the domain itself"),
    `record_type = "${recordType(plan)}"`,
    ...more,
    secret(plan, "token", `${what}, on every node (mode 600); or token_env`),
    line(
      `ttl = "${durationText(leastMs)}"`,
      Object.hasOwn(CLOUD_MIN_TTL_MS, type) ? "the least that it allows" : null,
    ),
  ];
}

/** Where the credential is; commented out where none is needed and none was named. */
function secret({ publisher, secret }: ConfigPlan, key: string, comment: string): string {
  if (secret === null) {
    return line(`# ${key}_file = ${JSON.stringify(PUBLISHER_NEEDS[publisher].secret?.file ?? "")}`, comment);
  }
  return secret.kind === "file"
    ? line(`${key}_file = ${JSON.stringify(secret.path)}`, comment)
    : line(`${key}_env = "${secret.variable}"`, "a variable of the environment, on every node");
}

function given({ details }: ConfigPlan, key: DetailKey): string {
  return JSON.stringify(details[key] ?? "");
}

function keyText(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}

/** What all targets publish: `misfits` has seen that it is one kind. */
function recordType({ targets: [first] }: ConfigPlan): "A" | "AAAA" | "CNAME" {
  const kind = first === undefined ? null : hostKind(shownBy(first));
  return kind === "ipv4" ? "A" : kind === "ipv6" ? "AAAA" : "CNAME";
}
