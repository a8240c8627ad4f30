import assert from "node:assert/strict";
import { createApi } from "../../../src/adapters/api/api.ts";
import { BODY_BYTES } from "../../../src/adapters/api/body.ts";
import type { Caller } from "../../../src/adapters/api/host.ts";
import { FakeHost } from "./fake_host.ts";

const TCP: Caller = { via: "tcp", peer: "10.0.0.7" };
const SOCKET: Caller = { via: "socket", peer: null };
const TOKEN = { authorization: "Bearer s3cret" };

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- the tests look into what they expect
  readonly body: any;
}

async function ask(host: FakeHost, path: string, init: RequestInit = {}, caller = TCP): Promise<Asked> {
  const api = createApi(host, { hostNames: ["node1.example.com"] });
  const request = new Request(`http://127.0.0.1:7421${path}`, init);
  const answer = await api.handle(request, caller);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== "" ? JSON.parse(text) : null,
  };
}

function hostWithToken(): FakeHost {
  const host = new FakeHost();
  host.secret = "s3cret";
  return host;
}

function post(host: FakeHost, path: string, body?: string, headers: HeadersInit = TOKEN): Promise<Asked> {
  return ask(host, path, { method: "POST", headers, body });
}

Deno.test("GET /v1/status is the status, never cached", async () => {
  const host = new FakeHost();
  const { status, body, headers } = await ask(host, "/v1/status");
  assert.equal(status, 200);
  assert.deepEqual(body, JSON.parse(JSON.stringify(host.current)));
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("access-control-allow-origin"), null);
});

Deno.test("GET /v1/services/NAME says where a service is, 503 when nowhere, 404 when there is none", async () => {
  const host = new FakeHost();
  assert.deepEqual((await ask(host, "/v1/services/web")).body, {
    name: "web",
    target: "nyc1",
    address: "web-nyc1.example.com",
    epoch: "1763881200123.1",
  });
  const missing = await ask(host, "/v1/services/wep");
  assert.equal(missing.status, 404);
  assert.match(missing.body.error, /no service "wep".*there is: web/);
  host.current = { ...host.current, services: [{ ...host.current.services[0]!, active: null }] };
  assert.equal((await ask(host, "/v1/services/web")).status, 503);
});

Deno.test("GET /leader is 200 on the leader alone", async () => {
  const host = new FakeHost();
  assert.equal((await ask(host, "/leader")).status, 200);
  host.current = { ...host.current, node: { ...host.current.node, role: "claiming" } };
  assert.equal((await ask(host, "/leader")).status, 503);
});

Deno.test("GET /healthz follows the node's own timing", async () => {
  const host = new FakeHost();
  assert.equal((await ask(host, "/healthz")).status, 200);
  host.health = { ok: false, detail: "the loop is 3 s late" };
  const late = await ask(host, "/healthz");
  assert.equal(late.status, 503);
  assert.match(late.text, /3 s late/);
});

Deno.test("GET /metrics is Prometheus text", async () => {
  const { headers, text } = await ask(new FakeHost(), "/metrics");
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^# HELP/);
});

Deno.test("GET / is one page that may load nothing from elsewhere", async () => {
  const { status, headers, text } = await ask(new FakeHost(), "/");
  assert.equal(status, 200);
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//);
  assert.doesNotMatch(text, / style="| onclick=|innerHTML/);
  const script = /<script>(.*)<\/script>/s.exec(text)?.[1] ?? "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  assert.ok(policy.includes(`script-src 'sha256-${new Uint8Array(digest).toBase64()}'`));
  assert.doesNotThrow(() => new Function(script), "the script is one");
});

Deno.test("HEAD is GET without the body", async () => {
  const { status, text, headers } = await ask(new FakeHost(), "/v1/status", { method: "HEAD" });
  assert.equal(status, 200);
  assert.equal(text, "");
  assert.match(headers.get("content-type") ?? "", /json/);
});

Deno.test("what is not there is 404, what cannot be done there 405 with Allow", async () => {
  const host = hostWithToken();
  for (
    const path of ["/v1", "/v1/services", "/v1/services/", "/v1/services/web/", "/v2/status", "//leader"]
  ) {
    assert.equal((await ask(host, path)).status, 404, path);
  }
  assert.equal((await ask(host, "/v1/services/%ff")).status, 404);
  const put = await ask(host, "/v1/status", { method: "PUT" });
  assert.equal(put.status, 405);
  assert.equal(put.headers.get("allow"), "GET, HEAD");
  const get = await ask(host, "/v1/step-down");
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
});

Deno.test("each POST becomes its command, with who asked", async () => {
  const host = hostWithToken();
  await post(host, "/v1/services/web/switch", '{"target":"sfo2"}');
  await post(host, "/v1/services/web/switch", '{"target":"sfo2","dryRun":true}');
  await post(host, "/v1/services/web/unpin");
  await post(host, "/v1/services/web/targets/n%20yc/drain", "{}");
  await post(host, "/v1/services/web/targets/nyc1/undrain");
  const answer = await ask(host, "/v1/step-down", { method: "POST" }, SOCKET);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { ok: true, message: "done" });
  assert.deepEqual(host.commands, [
    {
      command: { kind: "switch", service: "web", target: "sfo2", dryRun: false },
      who: "token from 10.0.0.7",
    },
    {
      command: { kind: "switch", service: "web", target: "sfo2", dryRun: true },
      who: "token from 10.0.0.7",
    },
    { command: { kind: "unpin", service: "web" }, who: "token from 10.0.0.7" },
    { command: { kind: "drain", service: "web", target: "n yc" }, who: "token from 10.0.0.7" },
    { command: { kind: "undrain", service: "web", target: "nyc1" }, who: "token from 10.0.0.7" },
    { command: { kind: "step-down" }, who: "socket" },
  ]);
});

Deno.test("an outcome is 200, 409 refused, 503 busy, 404 unknown", async () => {
  const host = hostWithToken();
  const cases = [["refused", 409], ["busy", 503], ["unknown", 404]] as const;
  for (const [reason, status] of cases) {
    host.outcome = { ok: false, reason, message: `because ${reason}` };
    const answer = await post(host, "/v1/step-down");
    assert.equal(answer.status, status);
    assert.deepEqual(answer.body, { ok: false, reason, error: `because ${reason}` });
  }
});

Deno.test("a change needs the token; without one in the config nothing can be changed over TCP", async () => {
  const host = hostWithToken();
  const cases: readonly (readonly [HeadersInit, number])[] = [
    [{}, 401],
    [{ authorization: "Bearer wrong" }, 401],
    [{ authorization: "Bearer s3cret2" }, 401],
    [{ authorization: "Bearer" }, 401],
    [{ authorization: "Basic s3cret" }, 401],
    [{ authorization: "s3cret" }, 401],
    [{ authorization: "bearer s3cret" }, 200],
  ];
  for (const [headers, status] of cases) {
    const answer = await post(host, "/v1/step-down", undefined, headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.ok(!answer.text.includes("s3cret"));
    if (status === 401) assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
  host.secret = null;
  const answer = await post(host, "/v1/step-down");
  assert.equal(answer.status, 403);
  assert.match(answer.body.error, /api\.token_file/);
  assert.equal(host.commands.length, 1);
});

Deno.test("a foreign Host or Origin is refused, with the right token too", async () => {
  const host = hostWithToken();
  const status = async (headers: Record<string, string>): Promise<number> => {
    return (await post(host, "/v1/step-down", undefined, { ...TOKEN, ...headers })).status;
  };
  for (
    const name of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "node2",
      "",
      "a b",
      "[x",
    ]
  ) {
    assert.equal(await status({ host: name }), 403, name);
  }
  const own = [
    "127.0.0.1:7421",
    "[::1]:7421",
    "10.1.2.3",
    "localhost:7421",
    "LOCALHOST",
    "Node1.example.com:80",
  ];
  for (const name of own) assert.equal(await status({ host: name }), 200, name);
  const host1 = { host: "127.0.0.1:7421" };
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:8080", "file://", "x"]) {
    assert.equal(await status({ ...host1, origin }), 403, origin);
  }
  assert.equal(await status({ ...host1, origin: "http://127.0.0.1:7421" }), 200);
});

Deno.test("reading refuses names that a stranger can own, but not those of a private network", async () => {
  const host = new FakeHost();
  const status = async (name: string): Promise<number> => {
    return (await ask(host, "/v1/status", { headers: { host: name } })).status;
  };
  assert.equal(await status("evil.example:7421"), 403);
  assert.equal(await status("node2:7421"), 200);
  assert.equal(await status("127.0.0.1:7421"), 200);
});

Deno.test("the socket needs no token and no particular Host", async () => {
  const host = hostWithToken();
  const init = { method: "POST", headers: { host: "whatever.example" } };
  assert.equal((await ask(host, "/v1/step-down", init, SOCKET)).status, 200);
});

Deno.test("a wrong body is refused with what is wrong, and is no command", async () => {
  const host = hostWithToken();
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["switch", "{", /not JSON/],
    ["switch", "[]", /must be a JSON object/],
    ["switch", "null", /must be a JSON object/],
    ["switch", "", /must name a target/],
    ["switch", '{"target":1}', /must name a target/],
    ["switch", '{"target":"sfo2","dryrun":true}', /unknown key "dryrun".*allowed: target, dryRun/],
    ["switch", '{"target":"sfo2","dryRun":"yes"}', /dryRun must be/],
    ["unpin", '{"target":"sfo2"}', /unknown key "target".*none are allowed/],
  ];
  for (const [action, body, error] of cases) {
    const answer = await post(host, `/v1/services/web/${action}`, body);
    assert.equal(answer.status, 400, body);
    assert.match(answer.body.error, error);
  }
  assert.equal(host.commands.length, 0);
});

Deno.test("a body over the limit is refused, whether it says so or not", async () => {
  const host = hostWithToken();
  const large = `{"target":"${"x".repeat(BODY_BYTES)}"}`;
  assert.equal((await post(host, "/v1/services/web/switch", large)).status, 413);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller): void {
      pulled += 1;
      controller.enqueue(new Uint8Array(4096));
    },
  });
  const init = { method: "POST", headers: TOKEN, body: endless };
  assert.equal((await ask(host, "/v1/services/web/switch", init)).status, 413);
  assert.ok(pulled < 20, String(pulled));
  assert.equal(host.commands.length, 0);
});

Deno.test("GET /v1/record shows the inside of a node, so it needs the token or the socket", async () => {
  const host = hostWithToken();
  assert.equal((await ask(host, "/v1/record")).status, 401);
  assert.equal((await ask(host, "/v1/record", { headers: { authorization: "Bearer no" } })).status, 401);
  const told = await ask(host, "/v1/record?minutes=3", { headers: TOKEN });
  assert.equal(told.status, 200);
  assert.match(told.headers.get("content-type") ?? "", /^application\/x-ndjson/);
  assert.match(told.text, /"minutes":3/);
  assert.equal((await ask(host, "/v1/record", {}, SOCKET)).status, 200);
  assert.equal((await ask(host, "/v1/record?minutes=x", { headers: TOKEN })).status, 400);
  host.secret = null;
  const refused = await ask(host, "/v1/record");
  assert.equal(refused.status, 403);
  assert.match(refused.body.error, /recordings are not given over TCP: set api.token_file/);
});
