import assert from "node:assert/strict";
import {
  createNotifier,
  type Notifier,
  type NotifierConfig,
  QUEUE_MAX,
} from "../../../src/adapters/notify.ts";
import type { LogEvent } from "../../../src/node/events.ts";

const event: LogEvent = {
  level: "warning",
  name: "switch",
  text: "web: nyc1 -> sfo2 <down>",
  epoch: "5.1",
  service: "web",
  data: { reason: "down" },
};

/** Enough for everything to get out on a busy machine. */
const PATIENCE_MS = 20_000;

interface Harness {
  readonly notifier: Notifier;
  readonly logged: LogEvent[];
  readonly clock: { wallMs(): number; now(): number; time: number };
}

function harness(notify: readonly NotifierConfig[], timing = {}): Harness {
  const logged: LogEvent[] = [];
  const clock = { time: 0, wallMs: () => Date.UTC(2026, 10, 25), now: (): number => clock.time };
  const notifier = createNotifier({
    notify,
    cluster: "prod",
    node: 2,
    log: (one) => logged.push(one),
    clock,
    timing: { timeoutMs: 10_000, backoffMs: [1, 1], logEveryMs: 60_000, ...timing },
  });
  return { notifier, logged, clock };
}

function webhook(url: string, more: Partial<NotifierConfig> = {}): NotifierConfig {
  return { type: "webhook", url, command: null, events: ["switch"], ...more };
}

function exec(...command: string[]): NotifierConfig {
  return { type: "exec", url: null, command, events: ["switch"] };
}

/** A webhook that answers with each status in turn, then 200. */
function receiver(...statuses: number[]): { url: string; bodies: unknown[]; close(): Promise<void> } {
  const bodies: unknown[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, async (request) => {
    bodies.push(await request.json());
    return new Response("", { status: statuses.shift() ?? 200 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/hook/secret-path`;
  return { url, bodies, close: () => server.shutdown() };
}

Deno.test("a webhook gets the event as JSON, only those it asked for", async () => {
  const hook = receiver();
  const { notifier, logged } = harness([webhook(hook.url)]);
  notifier.notify({ ...event, name: "leader" });
  notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.deepEqual(hook.bodies, [{
    event: "switch",
    text: "web: nyc1 -> sfo2 <down>",
    cluster: "prod",
    node: 2,
    epoch: "5.1",
    service: "web",
    data: { reason: "down" },
    time: "2026-11-25T00:00:00.000Z",
  }]);
  assert.deepEqual(logged, []);
  await hook.close();
});

Deno.test("Slack gets its own shape", async () => {
  const hook = receiver();
  const { notifier } = harness([webhook(hook.url, { slack: true })]);
  notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.deepEqual(hook.bodies, [{
    text: "[prod] switch: web: nyc1 -&gt; sfo2 &lt;down&gt; (told by node 2)",
  }]);
  await hook.close();
});

Deno.test("a server that stumbles is tried three times, one that refuses once", async () => {
  const stumbling = receiver(500, 429);
  const refusing = receiver(404);
  const { notifier, logged } = harness([webhook(stumbling.url), webhook(refusing.url)]);
  notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.equal(stumbling.bodies.length, 3);
  assert.equal(refusing.bodies.length, 1);
  assert.equal(logged.length, 1);
  assert.match(logged[0]?.text ?? "", /webhook 127\.0\.0\.1 was not told: switch: it answered HTTP 404/);
  await stumbling.close();
  await refusing.close();
});

Deno.test("failures are logged once a minute, counted, and without the webhook's URL", async () => {
  const hook = receiver(400, 400, 400, 400);
  const { notifier, logged, clock } = harness([webhook(hook.url)]);
  // They go out one after the other: when the fourth arrives, the third has failed; when that fails, a minute is over.
  Object.defineProperty(clock, "time", { get: () => hook.bodies.length >= 4 ? 61_000 : 0 });
  for (let i = 0; i < 4; i++) notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.ok(logged.length <= 2, "at most one a minute");
  assert.equal(logged.at(-1)?.data.failures, 4);
  assert.ok(!JSON.stringify(logged).includes("secret-path"));
  await hook.close();
});

Deno.test("an endpoint that cannot be reached is a logged failure, not an exception", async () => {
  const hook = receiver();
  await hook.close();
  const { notifier, logged } = harness([webhook(hook.url)]);
  notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.match(logged[0]?.text ?? "", /could not be reached/);
  assert.ok(!JSON.stringify(logged).includes("secret-path"));
});

Deno.test("a try is given up after its time limit; closing does not wait for a dead endpoint", async () => {
  const open = Promise.withResolvers<Response>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: (): void => {} },
    () => open.promise,
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const limited = harness([webhook(url)], { timeoutMs: 10, backoffMs: [] });
  limited.notifier.notify(event);
  await limited.notifier.close(PATIENCE_MS);
  assert.match(limited.logged[0]?.text ?? "", /no answer in time/);
  const patient = harness([webhook(url)], { timeoutMs: 3_600_000 });
  patient.notifier.notify(event);
  await patient.notifier.close(1);
  open.resolve(new Response());
  await server.shutdown();
});

Deno.test("a full queue drops the oldest and says so", async () => {
  const gate = Promise.withResolvers<void>();
  const texts: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, async (request) => {
    texts.push((await request.json()).text);
    await gate.promise;
    return new Response();
  });
  const { notifier, logged } = harness([webhook(`http://127.0.0.1:${server.addr.port}/`)]);
  for (let i = 0; i < QUEUE_MAX + 6; i++) notifier.notify({ ...event, text: String(i) });
  assert.match(logged[0]?.text ?? "", /more than 100 were waiting/);
  gate.resolve();
  await notifier.close(PATIENCE_MS);
  assert.equal(texts.length, QUEUE_MAX + 1);
  assert.equal(texts.at(-1), String(QUEUE_MAX + 5));
  await server.shutdown();
});

Deno.test("a program gets the event in its environment and on stdin", async () => {
  const folder = await Deno.makeTempDir();
  const { notifier, logged } = harness([
    exec(
      "sh",
      "-c",
      `cat > ${folder}/stdin; echo "$ABFAIL_EVENT $ABFAIL_SERVICE $ABFAIL_NODE" > ${folder}/env`,
    ),
  ]);
  notifier.notify(event);
  await notifier.close(PATIENCE_MS);
  assert.deepEqual(logged, []);
  assert.equal(await Deno.readTextFile(`${folder}/env`), "switch web 2\n");
  assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/stdin`)).cluster, "prod");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a program that fails, is missing, or does not end is a logged failure", async () => {
  const failing = harness([exec("sh", "-c", "exit 3")]);
  const missing = harness([exec("/nonexistent/program")]);
  const endless = harness([exec("sh", "-c", "trap '' TERM; sleep 60 & sleep 60")], {
    timeoutMs: 20,
    backoffMs: [],
  });
  const all = [failing, missing, endless];
  for (const { notifier } of all) notifier.notify(event);
  await Promise.all(all.map(({ notifier }) => notifier.close(PATIENCE_MS)));
  assert.match(failing.logged[0]?.text ?? "", /command sh was not told: switch: it ended with exit code 3/);
  assert.match(missing.logged[0]?.text ?? "", /there is no program/);
  assert.match(endless.logged[0]?.text ?? "", /did not end in time/);
});
