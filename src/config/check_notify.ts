/** `[[notify]]`: what fits together. */
import { checkSecret } from "./check_publishers.ts";
import type { ReadDocument } from "./check_cluster.ts";
import { formatOf } from "./notify.ts";
import type { Reading } from "./reading.ts";

const KEYS = ["routing_key", "routing_key_env", "routing_key_file"] as const;

/** Reports receivers that cannot work. */
export function checkNotify(read: ReadDocument, reading: Reading): void {
  for (const [i, notify] of (read.notify ?? []).entries()) {
    if (notify?.type !== "webhook" || notify.url === undefined) continue;
    const path = ["notify", i];
    const { routing_key, routing_key_env, routing_key_file } = notify;
    const given = checkSecret({ routing_key, routing_key_env, routing_key_file }, path, reading);
    const url = new URL(notify.url);
    const format = notify.format ?? formatOf(url.hostname);
    if (format === "pagerduty" && given === null && !KEYS.some((key) => reading.isBad([...path, key]))) {
      reading.report([...path, "routing_key_file"], "is missing: the integration key of PagerDuty", [
        'such as routing_key_env = "PAGERDUTY_KEY", or routing_key_file',
      ]);
    }
    if (format !== "pagerduty" && given !== null) {
      reading.report([...path, given], `goes with format = "pagerduty" alone; the format is "${format}"`);
    }
    const isLocal = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
    if (url.protocol === "http:" && !isLocal) {
      reading.warn([...path, "url"], "what is told goes over the network in the clear: use https://");
    }
    if (url.protocol === "http:" && notify.ca_file !== undefined) {
      reading.report([...path, "ca_file"], "goes with an https:// URL alone");
    }
  }
}
