import assert from "node:assert/strict";
import type { WebhookNotify } from "../../../src/config/notify.ts";
import { CLUSTER, right, world, wrongOnce } from "./sample.ts";

function hook(rest: string): string {
  return `${CLUSTER}[[notify]]\ntype = "webhook"\n${rest}`;
}

function read(rest: string, files: Record<string, string> = {}): WebhookNotify {
  const [notify] = right(hook(rest), world({ files })).notify;
  assert.equal(notify?.type, "webhook");
  return notify as WebhookNotify;
}

Deno.test("the format of a webhook follows its host, unless it is said", () => {
  assert.equal(read(`url = "https://hooks.slack.com/services/T0/B0/x"`).format, "slack");
  assert.equal(read(`url = "https://chat.example.com/x"\nformat = "slack"`).format, "slack");
  assert.equal(read(`url = "https://hooks.example.com/x"`).format, "json");
  const pager = `url = "https://events.eu.pagerduty.com/v2/enqueue"\nrouting_key_file = "pd.key"`;
  const read_ = read(pager, { "/etc/abfail/pd.key": "R0UT1NG" });
  assert.equal(read_.format, "pagerduty");
  assert.deepEqual(read_.routingKey, { kind: "file", path: "/etc/abfail/pd.key" });
});

Deno.test("PagerDuty needs its key, others have none; a CA needs TLS", () => {
  const pager = `url = "https://events.pagerduty.com/v2/enqueue"`;
  wrongOnce(hook(pager), "routing_key_file", "integration key of PagerDuty");
  wrongOnce(hook(`url = "https://h.example.com"\nrouting_key_env = "PD"`), "routing_key_env", "pagerduty");
  wrongOnce(hook(`${pager}\nrouting_key_env = "PD"\nrouting_key_file = "x"`), "only one of them is allowed");
  wrongOnce(hook(`url = "http://127.0.0.1/x"\nca_file = "x"`), "ca_file", "https://");
  wrongOnce(hook(`url = "https://h.example.com"\nformat = "teams"`), "format", "json");
});

Deno.test("a webhook's URL, headers and key are in no text of the config", () => {
  const config = right(hook(
    `url = "https://h.example.com/s3cret-path"\nheaders = { "x-key" = "s3cret-head" }\n` +
      `format = "pagerduty"\nrouting_key = "s3cret-key"`,
  ));
  const shown = JSON.stringify([...config.flat]) +
    JSON.stringify(config.notify.map((one) => ({ ...one, headers: {} })));
  assert.ok(!shown.includes("s3cret"), shown);
});

Deno.test("two receivers at one URL are two; the same one has the same id on every node", () => {
  const one = `type = "webhook"\nurl = "https://h.example.com/x"\n`;
  const text = `${CLUSTER}[[notify]]\n${one}events = ["switch"]\n[[notify]]\n${one}events = ["drift"]\n`;
  const ids = right(text).notify.map(({ id }) => id);
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual(ids, right(text).notify.map(({ id }) => id));
});
