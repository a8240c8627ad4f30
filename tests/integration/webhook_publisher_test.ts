import assert from "node:assert/strict";
import { createWebhookPublisher } from "../../src/adapters/publishers/webhook.ts";
import type { WebhookPublisher } from "../../src/config/publisher.ts";
import { secret } from "../../src/config/secret.ts";
import type { PublishAction, PublishResult } from "../../src/publish/action.ts";

const WALL_MS = Date.UTC(2026, 0, 1, 12, 0, 0);
const WRITE: PublishAction = {
  kind: "write",
  target: "sfo2",
  value: "10.0.2.20",
  previous: "10.0.1.20",
  epoch: "1763881200123.1",
};

/** Asks a webhook that answers so. */
async function ask(
  answer: (request: Request) => Response | Promise<Response>,
  action: PublishAction,
  more: Partial<WebhookPublisher> = {},
): Promise<PublishResult> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const url = secret(`http://127.0.0.1:${server.addr.port}/hook?password=hunter2`);
  const config: WebhookPublisher = {
    type: "webhook",
    name: "test",
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: null,
    url,
    readUrl: url,
    headers: { "x-team": "blue" },
    token: { kind: "inline", secret: secret("t0ken") },
    ...more,
  };
  try {
    return await createWebhookPublisher(config, "web", () => WALL_MS).perform(action, 5000);
  } finally {
    await server.shutdown();
  }
}

Deno.test("a webhook gets the wish as JSON, its headers and its token", async () => {
  let got: unknown;
  const result = await ask(async (request) => {
    const { method, headers } = request;
    got = [method, headers.get("authorization"), headers.get("x-team"), await request.json()];
    return new Response(null, { status: 202 });
  }, WRITE);
  assert.deepEqual(result, { kind: "ok", shows: undefined });
  assert.deepEqual(got, ["POST", "Bearer t0ken", "blue", {
    service: "web",
    target: "sfo2",
    address: "10.0.2.20",
    previous: "10.0.1.20",
    epoch: "1763881200123.1",
  }]);
});

Deno.test("what the world shows is JSON or one word; anything else is a failure", async () => {
  const shows = async (body: string): Promise<unknown> => {
    const result = await ask(() => new Response(body), { kind: "read" });
    return result.kind === "ok" ? result.shows : result.kind;
  };
  assert.equal(await shows('{"value":"10.0.1.20"}'), "10.0.1.20");
  assert.equal(await shows('{"value":null}'), null);
  assert.equal(await shows("10.0.1.20\n"), "10.0.1.20");
  assert.equal(await shows(""), null);
  for (const body of ["two words", "<html> <body>", "{", '{"value":7}', "{}"]) {
    assert.equal(await shows(body), "failed", body);
  }
});

Deno.test("Retry-After is passed on, in seconds and as a date", async () => {
  const after = async (header: string): Promise<unknown> => {
    const headers = { "retry-after": header };
    const result = await ask(() => new Response(null, { status: 429, headers }), WRITE);
    return result.kind === "failed" ? result.retryAfterMs : result.kind;
  };
  assert.equal(await after("7"), 7000);
  assert.equal(await after(new Date(WALL_MS + 90_000).toUTCString()), 90_000);
  assert.equal(await after(new Date(WALL_MS - 90_000).toUTCString()), 0);
  assert.equal(await after("soon"), null);
});

Deno.test("failures say what is wrong and show no secret", async () => {
  const cases: readonly (readonly [number, RegExp])[] = [[301, /301/], [401, /token/], [404, /404/], [
    500,
    /500/,
  ]];
  for (const [status, words] of cases) {
    const headers = { location: "http://127.0.0.1:1/" };
    const result = await ask(() => new Response("hunter2 t0ken", { status, headers }), WRITE);
    assert(result.kind === "failed");
    assert.match(result.detail, words);
    assert.doesNotMatch(result.detail, /hunter2|t0ken/);
  }
  const nobody = secret("http://127.0.0.1:1/hunter2");
  const refused = await ask(() => new Response(), WRITE, { url: nobody });
  assert.deepEqual(refused, { kind: "failed", detail: "connection refused", retryAfterMs: null });
  const token = { kind: "env", variable: "ABFAIL_TEST_NO_SUCH_VARIABLE" } as const;
  const lacking = await ask(() => new Response(), WRITE, { token });
  assert(lacking.kind === "failed");
  assert.match(lacking.detail, /the variable ABFAIL_TEST_NO_SUCH_VARIABLE is not set/);
});
