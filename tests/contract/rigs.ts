/** All kinds of publishers, each with its far side. */
import { createExecPublisher } from "../../src/adapters/publishers/exec.ts";
import { createPowerdnsPublisher } from "../../src/adapters/publishers/powerdns.ts";
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import { createRfc2136Publisher } from "../../src/adapters/publishers/rfc2136.ts";
import { createWebhookPublisher } from "../../src/adapters/publishers/webhook.ts";
import { secret } from "../../src/config/secret.ts";
import { compareEpochs, parseEpoch } from "../../src/publish/epoch.ts";
import {
  API_KEY,
  freePort,
  KEY,
  KEY_NAME,
  NameServer,
  type ServerKind,
  WRONG_KEY,
  ZONE,
} from "../support/name_server.ts";
import { PROMISED, type PublisherType } from "./conformance.ts";
import { type Rig, type RigOptions, TIMEOUT_MS, WORLD } from "./rig.ts";

const ACTING = { timeoutMs: TIMEOUT_MS, onDrift: "repair", rehearseMs: null } as const;

/** What the table says of it: the suite holds it to that. */
function fenceOf(type: PublisherType): Rig["fence"] {
  return PROMISED[type].fence === "compare-and-set" ? "compare-and-set" : "lease-only";
}

/** A world in memory that compares epochs: the dumb twin of `rfc2136`. */
export function memoryRig(): Rig {
  const world = new Map<string, { readonly value: string | null; readonly epoch: string }>();
  const create = (name: string): Publisher => ({
    canRead: true,
    perform: (action) => {
      const there = world.get(name);
      const theirs = parseEpoch(there?.epoch ?? "");
      const ours = parseEpoch(action.epoch ?? "");
      if (theirs !== null && ours !== null && compareEpochs(theirs, ours) > 0) {
        return Promise.resolve({ kind: "fenced", epoch: there?.epoch ?? "" });
      }
      if (action.kind === "write") world.set(name, { value: action.value, epoch: action.epoch });
      const now = world.get(name);
      return Promise.resolve({
        kind: "ok",
        shows: now?.value ?? null,
        unclaimed: now?.epoch !== action.epoch,
      });
    },
  });
  return {
    label: "memory",
    fence: "compare-and-set",
    create,
    shows: (name) => Promise.resolve(world.get(name)?.value ?? null),
    port: null,
    stop: () => Promise.resolve(),
    start: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export function execRig(): Rig {
  const folder = Deno.makeTempDirSync({ prefix: "abfail-contract-" });
  return {
    label: "exec",
    fence: fenceOf("exec"),
    create: (name) =>
      createExecPublisher({
        type: "exec",
        name,
        ...ACTING,
        command: ["/bin/sh", "-c", `printf %s "$ABFAIL_ADDRESS" > ${folder}/${name}`],
        readCommand: ["/bin/sh", "-c", `cat ${folder}/${name} 2>/dev/null || true`],
      }, name),
    shows: async (name) => await Deno.readTextFile(`${folder}/${name}`) || null,
    port: null,
    stop: () => Promise.resolve(),
    start: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

export function webhookRig(): Rig {
  const port = freePort();
  const world = new Map<string, string | null>();
  const serve = (): Deno.HttpServer =>
    Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
      const name = new URL(request.url).pathname.slice(1);
      if (request.headers.get("authorization") !== "Bearer t0ken") return new Response(null, { status: 401 });
      if (request.method === "GET") return Response.json({ value: world.get(name) ?? null });
      const { address } = await request.json() as { address: string | null };
      world.set(name, address);
      return new Response(null, { status: 204 });
    });
  let server: Deno.HttpServer | null = serve();
  const stop = async (): Promise<void> => {
    await server?.shutdown();
    server = null;
  };
  return {
    label: "webhook",
    fence: fenceOf("webhook"),
    create: (name, options = {}) => {
      const url = secret(`http://127.0.0.1:${options.port ?? port}/${name}`);
      const token = { kind: "inline", secret: secret(options.secret ?? "t0ken") } as const;
      const config = { type: "webhook", name, ...ACTING, url, readUrl: url, headers: {}, token } as const;
      return createWebhookPublisher(config, name, WORLD.wallMs);
    },
    shows: (name) => Promise.resolve(world.get(name) ?? null),
    port,
    stop,
    start: () => Promise.resolve().then(() => void (server = serve())),
    [Symbol.asyncDispose]: stop,
  };
}

export interface DnsRig extends Rig {
  readonly server: NameServer;
}

export async function rfc2136Rig(kind: ServerKind, transport: "tcp" | "udp" = "tcp"): Promise<DnsRig> {
  const server = await NameServer.start(kind);
  const create = (name: string, options: RigOptions = {}): Publisher =>
    createRfc2136Publisher({
      type: "rfc2136",
      ...record(name, options),
      servers: [{ host: "127.0.0.1", port: options.port ?? server.port }],
      key: {
        name: KEY_NAME,
        algorithm: "hmac-sha256",
        secret: { kind: "inline", secret: secret(options.secret ?? KEY) },
      },
      transport,
    }, WORLD);
  return {
    ...dnsRig(`rfc2136 to ${kind}`, fenceOf("rfc2136"), server, server.port),
    create,
    denied: (name) => create(name, { secret: WRONG_KEY }),
    state: async (name) =>
      `${await server.dig(ZONE, "SOA")} ${await server.dig(`_abfail.${name}.${ZONE}`, "TXT")}`,
  };
}

export async function powerdnsRig(): Promise<DnsRig> {
  const server = await NameServer.start("powerdns");
  return {
    ...dnsRig("powerdns HTTP API", fenceOf("powerdns"), server, server.apiPort),
    looksFirst: true,
    create: (name, options = {}) =>
      createPowerdnsPublisher({
        type: "powerdns",
        ...record(name, options),
        apiUrl: `http://127.0.0.1:${options.port ?? server.apiPort}`,
        serverId: "localhost",
        apiKey: { kind: "inline", secret: secret(options.secret ?? API_KEY) },
      }, WORLD.wallMs),
  };
}

function record(name: string, { zone = ZONE }: RigOptions): {
  readonly name: string;
  readonly zone: string;
  readonly recordType: null;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly onDrift: "repair";
  readonly rehearseMs: null;
  readonly verify: readonly [];
} {
  return { name: `${name}.${zone}`, zone, recordType: null, ttlMs: 5000, verify: [], ...ACTING };
}

function dnsRig(
  label: string,
  fence: Rig["fence"],
  server: NameServer,
  port: number,
): Omit<DnsRig, "create"> {
  return {
    label,
    fence,
    server,
    port,
    shows: async (name): Promise<string | null> => {
      const seen = new Set<string>();
      for (const type of ["A", "AAAA", "CNAME"]) {
        const text = await server.dig(`${name}.${ZONE}`, type);
        if (text !== "") seen.add(text.replace(/\.$/, ""));
      }
      return seen.size === 0 ? null : [...seen].join(",");
    },
    stop: () => server.stop(),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
