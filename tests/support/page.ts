/** The status page in a browser, and an API in front of which troubles can be ordered. */
import assert from "node:assert/strict";
import type { ApiHost } from "../../src/adapters/api/host.ts";
import { createApi } from "../../src/adapters/api/api.ts";
import { startApiServer } from "../../src/adapters/api/server.ts";
import type { Browser, Page } from "./browser.ts";

/** How long the page may take to show something, ms. */
export const PATIENCE_MS = 20_000;

/** A page, what it said to be wrong, and where it asked. */
export interface Watched {
  readonly page: Page;
  readonly errors: string[];
  readonly asked: string[];
}

/** Opens it in a window of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  width = 1280,
  scheme: "light" | "dark" = "light",
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(url);
  return { page, errors, asked };
}

/** Serves a host's API while `act` runs. */
export async function withApi(host: ApiHost, act: (url: string) => Promise<void>): Promise<void> {
  const server = await startApiServer({
    ...{ listen: { host: "127.0.0.1", port: 0 }, socket: null, api: createApi(host, { hostNames: [] }) },
    onFailure: (detail) => assert.fail(detail),
  });
  assert.ok(server.ok);
  try {
    await act(`http://127.0.0.1:${server.value.port}`);
  } finally {
    await server.value.close();
  }
}

/** What stands between a page and its node, such as a proxy. */
export class Between implements AsyncDisposable {
  /** `silent`: what is open stays open for ever and says nothing, new ones too. `refused`: 503 to all but the page. */
  mode: "open" | "silent" | "refused" = "open";
  /** Streams that were asked for so far. */
  streams = 0;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #ending = new AbortController();

  constructor(target: string) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      if (new URL(request.url).pathname === "/v1/events") this.streams++;
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      for (const name of ["host", "origin", "referer"]) headers.delete(name);
      if (pathname === "/") {
        return new Response(await hurried(target), { headers: { "content-type": "text/html" } });
      }
      if (this.mode === "refused") return new Response("no", { status: 503 });
      const answer = await fetch(`${target}${pathname}${search}`, { headers, signal: this.#ending.signal });
      const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
      if (this.mode !== "silent" && (!isStream || answer.body === null)) return answer;
      if (this.mode === "silent") await answer.body?.cancel();
      const body = this.mode === "silent" || answer.body === null
        ? this.#nothing()
        : this.#follow(answer.body);
      return new Response(body, isStream ? { headers: { "content-type": "text/event-stream" } } : {});
    });
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#server.shutdown();
  }

  /** A body that never comes. */
  #nothing(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller): void => {
        this.#ending.signal.addEventListener("abort", () => closeQuietly(controller));
      },
    });
  }

  /** What comes, until it falls silent: for good. */
  #follow(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: async (controller): Promise<void> => {
        this.#ending.signal.addEventListener("abort", () => closeQuietly(controller));
        try {
          for await (const chunk of body) {
            if (this.mode === "silent") return;
            if (this.mode === "refused") break;
            controller.enqueue(chunk);
          }
        } catch {
          // The reader has gone.
        }
        closeQuietly(controller);
      },
    });
  }
}

/** The page with less patience: what takes it seconds takes it tenths. */
async function hurried(target: string): Promise<string> {
  const page = await (await fetch(target)).text();
  const hasty = page.replace("STALE_MS = 4000", "STALE_MS = 1500").replace(
    /RETRY_MS = \[[^\]]*\]/,
    "RETRY_MS = [300, 600]",
  );
  assert.notEqual(hasty, page);
  return hasty;
}

function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // It is closed.
  }
}
