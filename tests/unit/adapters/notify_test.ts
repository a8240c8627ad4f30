import assert from "node:assert/strict";
import { createNotifier, type Notifier, type NotifyTiming, QUEUE_MAX } from "../../../src/adapters/notify.ts";
import type { ExecNotify, NotifyConfig, NotifyFormat, WebhookNotify } from "../../../src/config/notify.ts";
import { secret } from "../../../src/config/secret.ts";
import type { Notice } from "../../../src/failover/notice.ts";
import type { LogEvent } from "../../../src/node/events.ts";
import { makeCertificates } from "../../integration/certificates.ts";

const notice: Notice = {
  key: "web/switch/5f3a09c1",
  event: "switch",
  phase: "trouble",
  service: "web",
  text: "web: nyc1 -> sfo2 <down>",
  epoch: "5.1",
  atWallMs: Date.UTC(2026, 10, 25),
  data: { from: "nyc1", to: "sfo2", reason: "down" },
  waits: ["hook"],
};

/** Enough for everything to get out on a busy machine. */
const PATIENCE_MS = 20_000;

class Harness {
  readonly logged: LogEvent[] = [];
  readonly told: [string, boolean][] = [];
  readonly notifier: Notifier;
  time = 0;
  wanted: "now" | "later" | "never" = "now";

  constructor(notify: readonly NotifyConfig[], timing: Partial<NotifyTiming> = {}) {
    this.notifier = createNotifier({
      notify,
      teller: { cluster: "prod", node: 2, zone: "sfo2" },
      log: (one) => this.logged.push(one),
      clock: { wallMs: () => Date.UTC(2026, 10, 25), now: () => this.time },
      wanted: () => this.wanted,
      told: ({ key }, ok) => this.told.push([key, ok]),
      timing: {
        timeoutMs: 10_000,
        firstWaitMs: 1,
        longestWaitMs: 2,
        giveUpMs: 60_000,
        logEveryMs: 60_000,
        ...timing,
      },
    });
  }

  /** Waits until so many notices are told or given up. */
  async until(count: number): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (this.told.length < count) {
      assert.ok(performance.now() < end, `only ${this.told.length} of ${count} came to an end`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Tells one notice and waits for its end. */
  async tell(one: Notice = notice, receiver = "hook"): Promise<void> {
    const before = this.told.length;
    this.notifier.tell(one, receiver);
    await this.until(before + 1);
  }
}

function webhook(url: string, more: Partial<WebhookNotify> = {}): WebhookNotify {
  const plain = { format: "json" as NotifyFormat, headers: {}, routingKey: null, caFile: null };
  return { type: "webhook", id: "hook", url: secret(url), events: ["switch"], ...plain, ...more };
}

function exec(...command: string[]): ExecNotify {
  return { type: "exec", id: "hook", command, events: ["switch"] };
}

interface Receiver {
  readonly url: string;
  readonly bodies: unknown[];
  readonly paths: string[];
  readonly headers: Headers[];
  close(): Promise<void>;
}

/** A webhook that answers with each in turn, then 200. */
function receiver(...answers: (number | Response)[]): Receiver {
  const bodies: unknown[] = [];
  const paths: string[] = [];
  const headers: Headers[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, async (request) => {
    bodies.push(await request.json());
    paths.push(new URL(request.url).pathname);
    headers.push(request.headers);
    const answer = answers.shift() ?? 200;
    return typeof answer === "number" ? new Response("", { status: answer }) : answer;
  });
  const url = `http://127.0.0.1:${server.addr.port}/hook/secret-path`;
  return { url, bodies, paths, headers, close: () => server.shutdown() };
}

Deno.test("a webhook gets the notice as JSON, with the headers of the config", async () => {
  const hook = receiver();
  const harness = new Harness([webhook(hook.url, { headers: { "x-team": "web" } })]);
  await harness.tell();
  await harness.notifier.close();
  assert.deepEqual(hook.bodies, [{
    event: "switch",
    status: "trouble",
    key: "prod/web/switch/5f3a09c1",
    text: "web: nyc1 -> sfo2 <down>",
    cluster: "prod",
    node: 2,
    epoch: "5.1",
    service: "web",
    data: { from: "nyc1", to: "sfo2", reason: "down" },
    time: "2026-11-25T00:00:00.000Z",
  }]);
  assert.equal(hook.headers[0]?.get("x-team"), "web");
  assert.deepEqual(harness.logged, []);
  await hook.close();
});

Deno.test("Slack gets its own shape", async () => {
  const hook = receiver();
  const harness = new Harness([webhook(hook.url, { format: "slack" })]);
  await harness.tell();
  await harness.tell({ ...notice, phase: "over", text: "web: nyc1 is up again" });
  await harness.notifier.close();
  assert.deepEqual(hook.bodies, [
    { text: "[prod] switch: web: nyc1 -&gt; sfo2 &lt;down&gt; (told by node 2)" },
    { text: "[prod] switch: over: web: nyc1 is up again (told by node 2)" },
  ]);
  await hook.close();
});

Deno.test("PagerDuty gets an alert, its end under the same key, and news as a change", async () => {
  const hook = receiver(202, 202, 202);
  const url = hook.url.replace("/hook/secret-path", "/v2/enqueue");
  const routingKey = { kind: "inline", secret: secret("R0UT1NG") } as const;
  const harness = new Harness([webhook(url, { format: "pagerduty", routingKey })]);
  await harness.tell();
  await harness.tell({ ...notice, phase: "over" });
  await harness.tell({ ...notice, key: "web/switch/00000001", phase: "news" });
  await harness.notifier.close();
  const details = { from: "nyc1", to: "sfo2", reason: "down", cluster: "prod", node: 2, epoch: "5.1" };
  const payload = {
    summary: "[prod] web: nyc1 -> sfo2 <down>",
    source: "abfail node 2 (sfo2)",
    timestamp: "2026-11-25T00:00:00.000Z",
  };
  assert.deepEqual(hook.bodies, [
    {
      routing_key: "R0UT1NG",
      dedup_key: "prod/web/switch/5f3a09c1",
      event_action: "trigger",
      payload: {
        ...payload,
        severity: "warning",
        component: "web",
        group: "prod",
        class: "switch",
        custom_details: details,
      },
      client: "abfail",
    },
    { routing_key: "R0UT1NG", dedup_key: "prod/web/switch/5f3a09c1", event_action: "resolve" },
    { routing_key: "R0UT1NG", payload: { ...payload, custom_details: details } },
  ]);
  assert.deepEqual(hook.paths, ["/v2/enqueue", "/v2/enqueue", "/v2/change/enqueue"]);
  await hook.close();
});

Deno.test("a server that stumbles is tried again until it takes it, one that refuses once", async () => {
  const stumbling = receiver(500, 503, 408, 500);
  const refusing = receiver(404);
  const harness = new Harness([webhook(stumbling.url), webhook(refusing.url, { id: "other" })]);
  await harness.tell();
  await harness.tell(notice, "other");
  await harness.notifier.close();
  assert.equal(stumbling.bodies.length, 5);
  assert.equal(refusing.bodies.length, 1);
  assert.deepEqual(harness.told.map(([, ok]) => ok), [true, false]);
  assert.match(
    harness.logged[1]?.text ?? "",
    /webhook 127\.0\.0\.1:\d+ was not told: switch: it answered HTTP 404/,
  );
  await stumbling.close();
  await refusing.close();
});

Deno.test("Retry-After is waited for", async () => {
  const hook = receiver(new Response("", { status: 429, headers: { "retry-after": "1" } }));
  const harness = new Harness([webhook(hook.url)]);
  const startedAt = performance.now();
  await harness.tell();
  assert.ok(performance.now() - startedAt >= 990, "it came too early");
  assert.equal(hook.bodies.length, 2);
  await harness.notifier.close();
  await hook.close();
});

Deno.test("a notice that nobody takes is given up in the end", async () => {
  const hook = receiver(...new Array<number>(1000).fill(500));
  const harness = new Harness([webhook(hook.url)], { giveUpMs: 10 });
  Object.defineProperty(harness, "time", { get: () => hook.bodies.length });
  await harness.tell();
  assert.deepEqual(harness.told, [[notice.key, false]]);
  assert.ok(hook.bodies.length >= 8 && hook.bodies.length <= 12, String(hook.bodies.length));
  const [figures] = harness.notifier.figures();
  assert.equal(figures?.dropped, 1);
  assert.equal(figures?.problem, "it answered HTTP 500");
  await harness.notifier.close();
  await hook.close();
});

Deno.test("failures are logged once a minute, counted, and without the webhook's URL", async () => {
  const hook = receiver(400, 400, 400, 400);
  const harness = new Harness([webhook(hook.url)]);
  for (let i = 0; i < 4; i++) {
    harness.time = i < 3 ? 0 : 61_000;
    await harness.tell({ ...notice, key: `web/switch/${i}` });
  }
  await harness.notifier.close();
  assert.equal(harness.logged.length, 2);
  assert.equal(harness.logged.at(-1)?.data.failures, 4);
  assert.ok(!JSON.stringify(harness.logged).includes("secret-path"));
  await hook.close();
});

Deno.test("a receiver that is gone, resets, or has a certificate that nobody trusts is a failure with its reason", async () => {
  const gone = receiver();
  await gone.close();
  const resetting = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const resets = (async (): Promise<void> => {
    for await (const connection of resetting) connection.close();
  })();
  const certificates = await makeCertificates();
  const { cert, key } = certificates.of("good");
  const tls = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen: (): void => {} },
    () => new Response(),
  );
  const secure = `https://127.0.0.1:${tls.addr.port}/secret-path`;
  try {
    assert.match(await reasonOf(gone.url), /refused/);
    assert.match(
      await reasonOf(`http://127.0.0.1:${(resetting.addr as Deno.NetAddr).port}/secret-path`),
      /closed|reset|cut off/,
    );
    assert.match(await reasonOf(secure), /certificate/);
    const trusting = new Harness([webhook(secure, { caFile: certificates.caFile })]);
    await trusting.tell();
    assert.deepEqual(trusting.told, [[notice.key, true]], "the CA of the config is trusted");
    await trusting.notifier.close();
  } finally {
    resetting.close();
    await resets;
    await tls.shutdown();
    await Deno.remove(certificates.folder, { recursive: true });
  }
});

/** Why a receiver could not be told; nothing of its URL's path is in it. */
async function reasonOf(url: string): Promise<string> {
  const harness = new Harness([webhook(url)], { giveUpMs: -1 });
  await harness.tell();
  await harness.notifier.close();
  assert.deepEqual(harness.told, [[notice.key, false]]);
  const text = harness.logged[0]?.text ?? "";
  assert.ok(!text.includes("secret-path"), text);
  return text;
}

Deno.test("a hanging receiver holds up nobody: not its neighbour, not the end of the process", async () => {
  const open = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: (): void => {} },
    () => open.promise,
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const well = receiver();
  const harness = new Harness([webhook(url), webhook(well.url, { id: "other" })], { timeoutMs: 3_600_000 });
  harness.notifier.tell(notice, "hook");
  await harness.tell(notice, "other");
  assert.deepEqual(harness.told, [[notice.key, true]]);
  await harness.notifier.close(1);
  const limited = new Harness([webhook(url)], { timeoutMs: 10, giveUpMs: -1 });
  await limited.tell();
  assert.match(limited.logged[0]?.text ?? "", /no answer within 10 ms/);
  await limited.notifier.close();
  open.resolve(new Response());
  await server.shutdown();
  await well.close();
});

Deno.test("a full queue drops the oldest, says so, and gives it up", async () => {
  const gate = Promise.withResolvers<void>();
  const texts: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, async (request) => {
    texts.push((await request.json()).text);
    await gate.promise;
    return new Response();
  });
  const harness = new Harness([webhook(`http://127.0.0.1:${server.addr.port}/`)]);
  for (let i = 0; i < QUEUE_MAX + 6; i++) {
    harness.notifier.tell({ ...notice, key: `k${i}`, text: String(i) }, "hook");
  }
  assert.match(harness.logged[0]?.text ?? "", /more than 100 were waiting/);
  gate.resolve();
  await harness.until(QUEUE_MAX + 6);
  await harness.notifier.close();
  assert.equal(texts.length, QUEUE_MAX + 1);
  assert.equal(texts.at(-1), String(QUEUE_MAX + 5));
  await server.shutdown();
});

Deno.test("the same notice is queued once; what is not this node's any more is not told", async () => {
  const hook = receiver();
  const harness = new Harness([webhook(hook.url)]);
  harness.wanted = "later";
  for (let i = 0; i < 5; i++) harness.notifier.tell(notice, "hook");
  assert.equal(harness.notifier.figures()[0]?.waiting, 1);
  harness.wanted = "now";
  await harness.until(1);
  harness.wanted = "never";
  harness.notifier.tell({ ...notice, key: "other" }, "hook");
  await harness.notifier.close(PATIENCE_MS);
  assert.deepEqual(hook.bodies.length, 1);
  assert.deepEqual(harness.told, [[notice.key, true]]);
  await hook.close();
});

Deno.test("after a reload receivers that stay keep their queue, others go and come", async () => {
  const before = receiver();
  const after = receiver();
  const stays = webhook(before.url);
  const harness = new Harness([stays]);
  harness.wanted = "later";
  harness.notifier.tell(notice, "hook");
  harness.notifier.update([webhook(before.url), webhook(after.url, { id: "new" })]);
  harness.wanted = "now";
  await harness.until(1);
  await harness.tell(notice, "new");
  harness.notifier.update([]);
  harness.notifier.tell({ ...notice, key: "other" }, "hook");
  await harness.notifier.close();
  assert.deepEqual([before.bodies.length, after.bodies.length], [1, 1]);
  await before.close();
  await after.close();
});

Deno.test("a program gets the notice in its environment and on stdin", async () => {
  const folder = await Deno.makeTempDir();
  const harness = new Harness([
    exec(
      "sh",
      "-c",
      `cat > ${folder}/stdin; echo "$ABFAIL_EVENT $ABFAIL_STATUS $ABFAIL_SERVICE $ABFAIL_NODE $ABFAIL_KEY" > ${folder}/env`,
    ),
  ]);
  await harness.tell();
  await harness.notifier.close();
  assert.deepEqual(harness.logged, []);
  assert.equal(await Deno.readTextFile(`${folder}/env`), "switch trouble web 2 prod/web/switch/5f3a09c1\n");
  assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/stdin`)).cluster, "prod");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a program that fails, is missing, or does not end is a logged failure", async () => {
  const failing = new Harness([exec("sh", "-c", "exit 3")], { giveUpMs: -1 });
  const missing = new Harness([exec("/nonexistent/program")]);
  const endless = new Harness([exec("sh", "-c", "trap '' TERM; sleep 60 & sleep 60")], {
    timeoutMs: 20,
    giveUpMs: -1,
  });
  const all = [failing, missing, endless];
  await Promise.all(all.map((harness) => harness.tell()));
  await Promise.all(all.map(({ notifier }) => notifier.close()));
  assert.match(failing.logged[0]?.text ?? "", /command sh was not told: switch: it ended with exit code 3/);
  assert.match(missing.logged[0]?.text ?? "", /there is no program/);
  assert.match(endless.logged[0]?.text ?? "", /did not end in time/);
});
