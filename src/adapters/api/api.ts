/** The routes (PRODUCT.md, HTTP API). */
import { unreachable } from "../../base/assert.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Command, Outcome } from "../../node/events.ts";
import { readJsonBody } from "./body.ts";
import { EventStreams } from "./event_stream.ts";
import { refuseForeign, refuseUnauthorized } from "./guard.ts";
import type { Api, ApiHost, Caller } from "./host.ts";
import { PAGE, PAGE_HEADERS } from "./page.ts";
import { failure, json, reply } from "./reply.ts";

export interface ApiOptions {
  /** Names, beside IP addresses and localhost, by which this node may be called: those in the config. */
  readonly hostNames: readonly string[];
  /** How often an event stream shows that it lives, ms; default 15 s. */
  readonly heartbeatMs?: number;
}

/** How many commands may be under way at once; more get 503. */
export const COMMANDS_MAX = 16;

/** Longest path that is looked at, characters. */
const PATH_MAX = 1024;

interface Call {
  readonly request: Request;
  readonly caller: Caller;
  /** The path's named parts, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

interface Route {
  readonly method: "GET" | "POST";
  /** Path where `:name` stands for any one part. */
  readonly path: string;
  handle(call: Call): Response | Promise<Response>;
}

/** The API over one node, without a socket in sight. */
export function createApi(host: ApiHost, options: ApiOptions): Api {
  const streams = new EventStreams(host, options.heartbeatMs);
  const routes = [...reads(host, streams), ...writes(host)];
  const handle = async (request: Request, caller: Caller): Promise<Response> => {
    const foreign = refuseForeign(request, caller, options.hostNames);
    if (foreign !== null) return foreign;
    const found = findRoute(routes, request);
    if (!found.ok) return found.error;
    const answer = await found.value.route.handle({ request, caller, params: found.value.params });
    return request.method === "HEAD" ? withoutBody(answer) : answer;
  };
  return { handle, endStreams: (): void => streams.end() };
}

function reads(host: ApiHost, streams: EventStreams): Route[] {
  const get = (path: string, handle: Route["handle"]): Route => ({ method: "GET", path, handle });
  return [
    get("/", () => reply(200, PAGE, "text/html; charset=utf-8", PAGE_HEADERS)),
    get("/v1/status", () => json(200, host.status())),
    get("/v1/events", ({ request }) => {
      const wantsStream = (request.headers.get("accept") ?? "").toLowerCase().includes("text/event-stream");
      return wantsStream ? streams.open(request) : json(200, host.recentEvents());
    }),
    get("/v1/services/:service", ({ params }) => whereIs(host, params.service ?? "")),
    get("/leader", () => {
      const { node, leader } = host.status();
      return json(node.role === "leader" ? 200 : 503, { node: node.id, role: node.role, leader });
    }),
    get("/healthz", () => {
      const health = host.healthy();
      return json(health.ok ? 200 : 503, health);
    }),
    get("/metrics", () => reply(200, host.metrics(), "text/plain; version=0.0.4; charset=utf-8")),
  ];
}

function writes(host: ApiHost): Route[] {
  let underWay = 0;
  const post = (
    path: string,
    keys: readonly string[],
    command: (params: Call["params"], body: Record<string, unknown>) => Result<Command, Response>,
  ): Route => ({
    method: "POST",
    path,
    handle: async ({ request, caller, params }): Promise<Response> => {
      const refusal = refuseUnauthorized(request, caller, host.token());
      if (refusal !== null) return refusal;
      const body = await readJsonBody(request, keys);
      if (!body.ok) return body.error;
      const wish = command(params, body.value);
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
    },
  });
  return [
    post("/v1/services/:service/switch", ["target", "dryRun"], ({ service = "" }, body) => {
      const { target, dryRun = false } = body;
      if (typeof target !== "string" || target === "") {
        return err(failure(400, 'the body must name a target: {"target": "NAME"}'));
      }
      if (typeof dryRun !== "boolean") return err(failure(400, "dryRun must be true or false"));
      return ok({ kind: "switch", service, target, dryRun });
    }),
    post("/v1/services/:service/unpin", [], ({ service = "" }) => ok({ kind: "unpin", service })),
    post("/v1/services/:service/targets/:target/drain", [], ({ service = "", target = "" }) => {
      return ok({ kind: "drain", service, target });
    }),
    post("/v1/services/:service/targets/:target/undrain", [], ({ service = "", target = "" }) => {
      return ok({ kind: "undrain", service, target });
    }),
    post("/v1/step-down", [], () => ok({ kind: "step-down" })),
  ];
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
  return caller.peer === null ? "token" : `token from ${caller.peer}`;
}

function findRoute(
  routes: readonly Route[],
  request: Request,
): Result<{ readonly route: Route; readonly params: Call["params"] }, Response> {
  // Deno.serve puts the Host header into the URL as it came.
  if (!URL.canParse(request.url)) return err(failure(400, "the Host header is no host"));
  const path = new URL(request.url).pathname;
  const method = request.method === "HEAD" ? "GET" : request.method;
  const fitting = path.length > PATH_MAX ? [] : routes.flatMap((route) => {
    const params = match(route.path, path);
    return params === null ? [] : [{ route, params }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return ok(found);
  if (fitting.length === 0) return err(failure(404, `there is nothing at ${path.slice(0, 100)}`));
  const allow = fitting[0]?.route.method === "GET" ? "GET, HEAD" : "POST";
  return err(failure(405, `${request.method.slice(0, 20)} is not possible here, only ${allow}`, { allow }));
}

/** The named parts; null when the path is another one. */
function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!part.startsWith(":")) {
      if (part !== value) return null;
      continue;
    }
    const decoded = decode(value);
    if (decoded === null || decoded === "") return null;
    params[part.slice(1)] = decoded;
  }
  return params;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function withoutBody(answer: Response): Response {
  answer.body?.cancel().catch(() => {});
  return new Response(null, { status: answer.status, headers: answer.headers });
}
