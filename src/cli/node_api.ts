/**
 * Finding a node's HTTP API and asking it. Through node:http, not fetch: fetch goes through HTTP_PROXY even to
 * this machine and refuses a list of ports.
 */
import { isIP } from "node:net";
import { err, ok, type Result } from "../base/result.ts";
import type { ApiTlsConfig, Config, HostPort, MemberConfig } from "../config/config.ts";
import type { ClientTls, TlsFileOptions } from "./client_tls.ts";

/** Where a node's API is: TCP, or a Unix socket. */
export type NodeApi =
  | { readonly kind: "http"; readonly url: URL; readonly text: string; readonly tls?: ClientTls }
  | { readonly kind: "unix"; readonly path: string; readonly text: string };

/** Without `--api` and `--config`: the default of `api.listen` on this machine. */
export const DEFAULT_API = "http://127.0.0.1:7421";

/** How long a node may take to answer, ms. */
export const ANSWER_MS = 3000;
/** And to a command: it looks for a leader for 5 s before it gives up. */
export const COMMAND_MS = 8000;

/** Largest answer taken, bytes. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** What finding it needs to know of this machine. */
export interface Machine {
  /** ABFAIL_NODE_ID; null when not set. */
  readonly nodeId: number | null;
  /** Addresses of the network interfaces. */
  readonly addresses: readonly string[];
}

/** `http://host:port`, `https://host:port` or `unix:/path`. The error is one sentence. */
export function parseNodeApi(text: string): Result<NodeApi, string> {
  if (text.startsWith("unix:")) {
    const path = text.replace(/^unix:(\/\/(?=\/))?/, "");
    return path.startsWith("/")
      ? ok({ kind: "unix", path, text })
      : err(`${text} is no API address: unix: needs an absolute path, as in unix:/run/abfail/api.sock`);
  }
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    return err(`${text} is no API address: it must be http://HOST:PORT, https://HOST:PORT or unix:/PATH`);
  }
  return ok({ kind: "http", url, text: full.replace(/\/+$/, "") });
}

/**
 * The API of one node of a config: of the one asked for, else of this machine's. What listens on every address
 * is asked on loopback, or, on another machine, at the address of its node.
 */
export function nodeApiOf(config: Config, nodeId: number | null, machine: Machine): Result<NodeApi, string> {
  const { nodes } = config.cluster;
  const self = machine.nodeId ?? config.node.id ?? nodes.find((one) => isHere(one, machine))?.id ?? null;
  const wanted = nodeId ?? self;
  const member = nodes.find((one) => one.id === wanted);
  if (wanted !== null && member === undefined) {
    return err(
      `there is no node ${wanted} in ${config.file}; there are ${nodes.map((one) => one.id).join(", ")}`,
    );
  }
  const listen = member?.api ?? config.api.listen;
  const elsewhere = member !== undefined && member.id !== self && !isHere(member, machine);
  const scheme = config.api.tls === null ? "http" : "https";
  return ok(fromHostPort(scheme, reachable(listen, elsewhere ? member.address.host : null)));
}

/** An API with what TLS needs, where it is one over TLS. The error is one sentence. */
export async function trusting(
  api: Result<NodeApi, string>,
  options: TlsFileOptions,
  config: ApiTlsConfig | null,
): Promise<Result<NodeApi, string>> {
  const given = [options.caFile, options.certFile, options.keyFile].some((file) => file !== null);
  if (!api.ok || api.value.kind === "unix") return api;
  if (api.value.url.protocol !== "https:") {
    return given
      ? err(`--ca-file, --cert-file and --key-file are for https://, and ${api.value.text} is not`)
      : api;
  }
  const { readClientTls } = await import("./client_tls.ts");
  const tls = readClientTls(options, config);
  return tls.ok ? ok({ ...api.value, tls: tls.value }) : tls;
}

/** What a node answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What is told to a node: JSON, and the token that allows it. */
export interface Telling {
  /** Null: nothing is told, something is asked that needs the token. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly token: string | null;
}

/**
 * Asks a node (GET), or tells it something (POST); `more` are headers. The error is one sentence that says what could not be reached
 * and why.
 */
export async function askNode(
  api: NodeApi,
  path: string,
  timeoutMs: number = ANSWER_MS,
  telling: Telling | null = null,
  more: Readonly<Record<string, string>> = {},
): Promise<Result<Answer, string>> {
  const secure = api.kind === "http" && api.url.protocol === "https:";
  const { request } = secure ? await import("node:https") : await import("node:http");
  const target = api.kind === "unix" ? { socketPath: api.path, path } : {
    host: api.url.hostname.replace(/^\[|\]$/g, ""),
    port: api.url.port === "" ? (secure ? 443 : 80) : Number(api.url.port),
    path: api.url.pathname.replace(/\/+$/, "") + path,
  };
  const trust = secure ? trustOf(api.tls) : {};
  const body = telling?.body ?? null;
  const text = body === null ? "" : JSON.stringify(body);
  const method = body === null ? "GET" : "POST";
  const headers = { ...headersFor(api, telling, text), ...more };
  return await new Promise((resolve) => {
    let done = false;
    const finish = (result: Result<Answer, string>): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      resolve(result);
      call.destroy();
    };
    const fail = (why: string): void => finish(err(`no node can be reached at ${api.text}: ${why}`));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    const call = request({ ...target, ...trust, method, headers, agent: false }, (response) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      response.on("data", (chunk: Uint8Array) => {
        size += chunk.length;
        if (size > ANSWER_BYTES) fail("its answer is too long to be a node's");
        else chunks.push(chunk);
      });
      response.on("error", () => fail("its answer broke off"));
      response.on("aborted", () => fail("its answer broke off"));
      response.on("end", () => {
        finish(ok({ status: response.statusCode ?? 0, body: decode(chunks) }));
      });
    });
    call.on("error", (error: Error & { readonly code?: string }) => fail(reason(error)));
    call.end(text);
  });
}

function headersFor(api: NodeApi, telling: Telling | null, text: string): Record<string, string> {
  const headers = { host: api.kind === "unix" ? "localhost" : api.url.host, accept: "application/json" };
  if (telling === null) return headers;
  const size = String(new TextEncoder().encode(text).length);
  return {
    ...headers,
    ...(telling.body === null ? {} : { "content-type": "application/json", "content-length": size }),
    ...(telling.token === null ? {} : { authorization: `Bearer ${telling.token}` }),
  };
}

function trustOf(tls: ClientTls | undefined): Readonly<Record<string, unknown>> {
  if (tls === undefined) return {};
  return {
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert, key: tls.key }),
  };
}

function decode(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}

function reason(error: Error & { readonly code?: string }): string {
  const alert = /fatal alert: (\w+)/.exec(error.message)?.[1];
  if (alert === "CertificateRequired") {
    return "it wants a certificate of yours: --cert-file and --key-file";
  }
  if (alert !== undefined) return `it does not take the certificate that was shown (${alert})`;
  switch (error.code) {
    case "ECONNREFUSED":
      return "nothing listens there (connection refused)";
    case "ENOENT":
      return "there is no such socket";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name cannot be resolved";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to it";
    case "ECONNRESET":
      return "it closed the connection; does it want https://, or a certificate of yours (--cert-file)?";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another name (${error.message})`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has ended";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return "its certificate is of no CA that is trusted here: name its CA with --ca-file";
    default:
      return error.message.startsWith("Parse Error")
        ? "it does not speak HTTP; is it https://?"
        : error.message;
  }
}

function isHere(member: MemberConfig, machine: Machine): boolean {
  const { host } = member.address;
  return isIP(host) !== 0 && machine.addresses.includes(host);
}

function reachable(listen: HostPort, host: string | null): HostPort {
  if (listen.host === "0.0.0.0") return { host: host ?? "127.0.0.1", port: listen.port };
  if (listen.host === "::") return { host: host ?? "::1", port: listen.port };
  return listen;
}

function fromHostPort(scheme: "http" | "https", { host, port }: HostPort): NodeApi {
  const text = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { kind: "http", url: new URL(text), text };
}
