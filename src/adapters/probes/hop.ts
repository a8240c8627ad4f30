/** Where a request goes: to the target, then to where it is sent on. */
import { isIP } from "node:net";
import { err, ok, type Result } from "../../base/result.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";

/** A check of one of the two types. */
export type HttpCheck = Extract<CheckConfig, { type: "http" | "https" }>;

/** One request. */
export interface Hop {
  readonly secure: boolean;
  /** Whom to connect to; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for in the TLS handshake and looked for in the certificate; null = the address itself. */
  readonly serverName: string | null;
  /** It goes to the target itself. */
  readonly own: boolean;
  /** What the next place is relative to. */
  readonly url: URL;
}

/** The request that the check describes. */
export function firstHop(check: HttpCheck, target: TargetConfig): Hop {
  const { http } = check;
  const secure = check.type === "https";
  const port = target.port ?? check.port ?? (secure ? 443 : 80);
  const authority = http.host ?? authorityOf(target.address, port, secure);
  const url = new URL(http.path, `${secure ? "https" : "http"}://${authority}`);
  return ownHop(check, target, { secure, port, method: http.method, path: http.path, authority, url });
}

interface Request {
  readonly secure: boolean;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly url: URL;
}

function ownHop(check: HttpCheck, target: TargetConfig, request: Request): Hop {
  const { secure, port, method, path, authority, url } = request;
  const configured = check.type === "https" ? check.tls.serverName : null;
  return {
    secure,
    host: target.address,
    port,
    method,
    path,
    headers: { "user-agent": "abfail", accept: "*/*", ...lowerCase(check.http.headers), host: authority },
    serverName: configured ?? nameOf(url.hostname) ?? nameOf(target.address),
    own: true,
    url,
  };
}

/**
 * Where an answer sends us on to; null when it does not, an error when we cannot go there. A redirect to the very name
 * that was asked for stays with this target: the name itself may lead to another one.
 */
export function nextHop(
  hop: Hop,
  reply: { readonly status: number; readonly location: string | null },
  check: HttpCheck,
  target: TargetConfig,
): Result<Hop, string> | null {
  const { status, location } = reply;
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return null;
  if (!URL.canParse(location, hop.url)) return err(`HTTP ${status} to a place that is no URL`);
  const url = new URL(location, hop.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return err(`HTTP ${status} to ${url.protocol} URL`);
  }
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const method = status >= 307 || hop.method === "HEAD" ? hop.method : "GET";
  const request = { secure, port, method, path: url.pathname + url.search, authority: url.host, url };
  const first = firstHop(check, target).url;
  const isOwn = url.hostname === first.hostname || unbracket(url.hostname) === target.address;
  if (isOwn) {
    // The port in the Host header need not be the one that is connected to.
    return ok(
      ownHop(
        check,
        target,
        url.origin === first.origin ? { ...request, ...ownPort(check, target) } : request,
      ),
    );
  }
  return ok({
    ...request,
    host: unbracket(url.hostname),
    headers: { "user-agent": "abfail", accept: "*/*", host: url.host },
    serverName: nameOf(url.hostname),
    own: false,
  });
}

function ownPort(check: HttpCheck, target: TargetConfig): { readonly port: number } {
  return { port: target.port ?? check.port ?? (check.type === "https" ? 443 : 80) };
}

function authorityOf(host: string, port: number, secure: boolean): string {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? bracketed : `${bracketed}:${port}`;
}

/** Null for an IP address: there is no name to ask for. */
function nameOf(host: string): string | null {
  return isIP(unbracket(host)) === 0 && host !== "" ? host : null;
}

function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
