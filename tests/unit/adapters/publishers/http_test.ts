import assert from "node:assert/strict";
import { type CloudHttp, createCloudHttp } from "../../../../src/adapters/publishers/cloud/http.ts";
import { RateBudgets } from "../../../../src/adapters/publishers/cloud/limits.ts";
import { secret } from "../../../../src/config/secret.ts";

const wallMs = (): number => Date.now();

/** A client of a server that answers each request with these headers; `authorize` runs just before one goes out. */
async function withServer(
  run: (http: CloudHttp, asked: string[]) => Promise<void>,
  parts: { readonly headers?: HeadersInit; readonly authorize?: () => void; readonly holds?: Promise<void> } =
    {},
): Promise<void> {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async ({ method }) => {
    asked.push(method);
    if (asked.length > 1) await parts.holds;
    return Response.json({}, { headers: parts.headers ?? {} });
  });
  const http = createCloudHttp({
    baseUrl: `http://127.0.0.1:${server.addr.port}`,
    token: { kind: "inline", secret: secret("a-token") },
    authorize: (): Headers => {
      parts.authorize?.();
      return new Headers();
    },
    explain: () => ({ code: "", message: "" }),
    world: { wallMs, budgets: new RateBudgets(wallMs) },
  });
  await run(http, asked);
  await server.shutdown();
}

Deno.test("a process that slept over its lease sends no write any more, though its watch is late as well", async () => {
  const lost = new AbortController();
  const leaseUntil = performance.now() + 60;
  const watch = setInterval(() => {
    if (performance.now() > leaseUntil) lost.abort();
  }, 20);
  const authorize = (): void => {
    while (performance.now() < leaseUntil + 60); // asleep
  };
  await withServer(async (http, asked) => {
    await assert.rejects(http.send({ method: "PUT", path: "/" }, lost.signal), /cut off before it was sent/);
    assert.deepEqual(asked, []);
  }, { authorize });
  clearInterval(watch);
});

Deno.test("a request under way counts before its answer is there", async () => {
  const held = Promise.withResolvers<void>();
  const reset = String(Math.floor(Date.now() / 1000) + 3600);
  const headers = { "ratelimit-limit": "100", "ratelimit-remaining": "10", "ratelimit-reset": reset };
  await withServer(async (http, asked) => {
    const never = new AbortController().signal;
    await http.send({ method: "GET", path: "/" }, never);
    const budget = await http.budget();
    assert.equal(budget.maySpare(), true);
    const second = http.send({ method: "GET", path: "/" }, never);
    while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(budget.maySpare(), false);
    held.resolve();
    await second;
    assert.equal(budget.maySpare(), true);
  }, { headers, holds: held.promise });
});
