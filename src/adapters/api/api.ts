/** The routes (PRODUCT.md, HTTP API). The one door to hono; only `run` loads this file. */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { unreachable } from "../../base/assert.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Command, Outcome } from "../../node/events.ts";
import { readJsonBody } from "./body.ts";
import { EventStreams, missedEvents } from "./event_stream.ts";
import { refuseForeign, refuseUnauthorized } from "./guard.ts";
import type { Api, ApiHost, Caller } from "./host.ts";
import { PAGE, PAGE_HEADERS } from "./page.ts";
import { piecemeal } from "./piecemeal.ts";
import { failure, json, reply } from "./reply.ts";

export interface ApiOptions {
  /** Names, beside IP addresses and localhost, by which this node may be called: those in the config. */
  readonly hostNames: readonly string[];
  /** How often an event stream shows that it lives, ms; default 15 s. */
  readonly heartbeatMs?: number;
}

/** How many commands may be under way at once; more get 503. */
const COMMANDS_MAX = 16;

/** How far back a recording goes where the request does not say, minutes: all there is. */
const RECORDED_MINUTES = 10;

/** Longest path that is looked at, characters. */
const PATH_MAX = 1024;

/** What a handler gets beside the request. */
interface Env {
  readonly Bindings: { readonly caller: Caller };
}

type App = Hono<Env>;

/**
 * The API over one node, without a socket in sight. Hono finds the route and turns HEAD into GET. Two of its habits
 * are not ours: it decodes paths before it looks at them, and it answers a throw itself; the server does that.
 */
export function createApi(host: ApiHost, options: ApiOptions): Api {
  const streams = new EventStreams(host, options.heartbeatMs);
  const app: App = new Hono<Env>({ getPath: rawPath });
  app.use(async ({ req, env }, next) => {
    const refusal = refuseForeign(req.raw, env.caller, options.hostNames) ?? refusePath(req.raw.url);
    if (refusal !== null) return refusal;
    await next();
  });
  addReads(app, host, streams);
  addWrites(app, host);
  app.notFound(({ req }) => nothingAt(req.raw.url));
  app.onError((error) => {
    throw error;
  });
  return {
    handle: async (request, caller): Promise<Response> => await app.fetch(request, { caller }),
    endStreams: (): void => streams.end(),
  };
}

function addReads(app: App, host: ApiHost, streams: EventStreams): void {
  const get = (path: string, handle: (c: Context<Env>) => Response | Promise<Response>): void => {
    app.get(path, handle).all(path, ({ req }) => wrongMethod(req.method, "GET, HEAD"));
  };
  get("/", () => reply(200, PAGE, "text/html; charset=utf-8", PAGE_HEADERS));
  get("/v1/status", () => json(200, host.status()));
  get("/v1/events", ({ req }) => {
    const wantsStream = (req.header("accept") ?? "").toLowerCase().includes("text/event-stream");
    return wantsStream ? streams.open(req.raw) : json(200, missedEvents(req.raw, host.recentEvents()));
  });
  get("/v1/services/:service", ({ req }) => whereIs(host, req.param("service") ?? ""));
  get("/leader", () => {
    const { node, leader } = host.status();
    return json(node.role === "leader" ? 200 : 503, { node: node.id, role: node.role, leader });
  });
  get("/healthz", () => {
    const health = host.healthy();
    return json(health.ok ? 200 : 503, health);
  });
  get("/v1/record", ({ req, env }) => recordReply(host, req.raw, env.caller));
  get("/metrics", ({ req }) => {
    // hono drops the body of an answer to HEAD: nobody would take the pieces
    const body = req.raw.method === "HEAD" ? null : piecemeal(host.metrics());
    return reply(200, body, "text/plain; version=0.0.4; charset=utf-8");
  });
}

function addWrites(app: App, host: ApiHost): void {
  let underWay = 0;
  const post = (
    path: string,
    keys: readonly string[],
    command: (
      params: Readonly<Record<string, string>>,
      body: Record<string, unknown>,
    ) => Result<Command, Response>,
  ): void => {
    app.post(path, async ({ req, env: { caller } }) => {
      const refusal = refuseUnauthorized(req.raw, caller, host.token());
      if (refusal !== null) return refusal;
      const body = await readJsonBody(req.raw, keys);
      if (!body.ok) return body.error;
      const wish = command(req.param(), body.value);
      if (!wish.ok) return wish.error;
      if (underWay >= COMMANDS_MAX) {
        return failure(503, `${COMMANDS_MAX} commands are under way already`, { "retry-after": "1" });
      }
      underWay += 1;
      try {
        return outcomeReply(await host.command(wish.value, who(caller)));
      } finally {
        underWay -= 1;
      }
    }).all(path, ({ req }) => wrongMethod(req.method, "POST"));
  };
  post("/v1/services/:service/switch", ["target", "dryRun"], ({ service = "" }, body) => {
    const { target, dryRun = false } = body;
    if (typeof target !== "string" || target === "") {
      return err(failure(400, 'the body must name a target: {"target": "NAME"}'));
    }
    if (typeof dryRun !== "boolean") return err(failure(400, "dryRun must be true or false"));
    return ok({ kind: "switch", service, target, dryRun });
  });
  post("/v1/services/:service/unpin", [], ({ service = "" }) => ok({ kind: "unpin", service }));
  post("/v1/services/:service/targets/:target/drain", [], ({ service = "", target = "" }) => {
    return ok({ kind: "drain", service, target });
  });
  post("/v1/services/:service/targets/:target/undrain", [], ({ service = "", target = "" }) => {
    return ok({ kind: "undrain", service, target });
  });
  post("/v1/step-down", [], () => ok({ kind: "step-down" }));
}

/** What the flight recorder kept: for those alone who may change something, since it shows the inside. */
function recordReply(host: ApiHost, request: Request, caller: Caller): Response {
  const refusal = refuseUnauthorized(request, caller, host.token(), "recordings are not given over TCP");
  if (refusal !== null) return refusal;
  const minutes = new URL(request.url).searchParams.get("minutes") ?? `${RECORDED_MINUTES}`;
  if (!/^[0-9]{1,4}$/.test(minutes) || Number(minutes) === 0) {
    return failure(400, "minutes must be a whole number from 1");
  }
  const recording = host.recording(Number(minutes));
  if (!recording.ok) return failure(503, recording.error);
  return reply(200, recording.value, "application/x-ndjson; charset=utf-8");
}

/** Which target a service has, and what is published for it. */
function whereIs(host: ApiHost, name: string): Response {
  const status = host.status();
  const service = status.services.find((one) => one.name === name);
  if (service === undefined) {
    const known = status.services.map((one) => one.name).join(", ");
    return failure(404, `no service ${JSON.stringify(name)} in the config; there is: ${known || "none"}`);
  }
  if (service.active === null) return failure(503, `${name} has no active target`);
  const target = service.targets.find((one) => one.name === service.active);
  const address = target?.publish ?? service.publishers.find((one) => one.shows !== null)?.shows ?? null;
  const epoch = status.leader?.epoch ?? status.node.epoch;
  return json(200, { name, target: service.active, address, epoch });
}

function outcomeReply(outcome: Outcome): Response {
  if (outcome.ok) return json(200, outcome);
  const body = { ok: false, reason: outcome.reason, error: outcome.message };
  switch (outcome.reason) {
    case "refused":
      return json(409, body);
    case "busy":
      return json(503, body, { "retry-after": "1" });
    case "unknown":
      return json(404, body);
    default:
      return unreachable(outcome.reason);
  }
}

function who(caller: Caller): string {
  if (caller.via === "socket") return "socket";
  const from = caller.peer === null ? "token" : `token from ${caller.peer}`;
  const { certificate = null } = caller;
  return certificate === null ? from : `${from}, certificate ${certificate}`;
}

/** The path as it was sent: names are decoded once, by `param`. */
function rawPath(request: Request): string {
  return URL.canParse(request.url) ? new URL(request.url).pathname : "/";
}

/**
 * What no route may see. Deno.serve puts the Host header into the URL as it came; hono's small router takes a slash at
 * the end for nothing.
 */
function refusePath(url: string): Response | null {
  if (!URL.canParse(url)) return failure(400, "the Host header is no host");
  const { pathname } = new URL(url);
  const strange = pathname.length > PATH_MAX || !isDecodable(pathname);
  return strange || (pathname !== "/" && pathname.endsWith("/")) ? nothingAt(url) : null;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function nothingAt(url: string): Response {
  return failure(404, `there is nothing at ${new URL(url).pathname.slice(0, 100)}`);
}

function wrongMethod(method: string, allow: string): Response {
  return failure(405, `${method.slice(0, 20)} is not possible here, only ${allow}`, { allow });
}
