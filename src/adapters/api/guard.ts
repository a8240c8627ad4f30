/**
 * Who may ask. A web page that someone on this network happens to look at must not be able to talk to a node
 * through their browser: not by its own origin (Origin), nor under a name of its own that resolves to the
 * node (DNS rebinding: Host). Machines and people with the token, or with access to the socket, may.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Caller } from "./host.ts";
import { failure } from "./reply.ts";

/**
 * Refuses a foreign Host or Origin; null when all is right. Reads are a little more lenient on the name:
 * one without a dot (`node1`, in a container network) cannot be a public name, so nobody can rebind it.
 */
export function refuseForeign(request: Request, caller: Caller, names: readonly string[]): Response | null {
  if (caller.via === "socket") return null;
  const authority = request.headers.get("host") ?? hostOfUrl(request.url);
  const host = hostOf(authority);
  const lenient = request.method === "GET" || request.method === "HEAD";
  const own = host !== null &&
    (isIP(host) !== 0 || isLocalhost(host) || names.some((name) => name.toLowerCase() === host) ||
      (lenient && !host.includes(".")));
  if (!own) {
    return failure(
      403,
      `the Host header ${JSON.stringify(authority.slice(0, 100))} is not one of this node's names: ` +
        `use its IP address, localhost or a name that the config has for it`,
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== null && originHost(origin) !== authority.toLowerCase()) {
    return failure(403, "a page of another origin may not ask this node");
  }
  return null;
}

/** Refuses a change, or a look inside, without the right; null when the caller may. */
export function refuseUnauthorized(
  request: Request,
  caller: Caller,
  token: string | null,
  what = "nothing can be changed over TCP",
): Response | null {
  if (caller.via === "socket") return null;
  if (token === null) {
    return failure(
      403,
      `${what}: set api.token_file in the config and send its content as ` +
        "`Authorization: Bearer TOKEN`, or set api.socket and use that",
    );
  }
  const header = request.headers.get("authorization");
  const given = header === null ? null : /^bearer +(\S+) *$/i.exec(header)?.[1] ?? null;
  if (given !== null && sameSecret(given, token)) return null;
  const error = given === null
    ? "send the content of api.token_file as `Authorization: Bearer TOKEN`"
    : "the token is not the one in api.token_file of this node";
  return failure(401, error, { "www-authenticate": 'Bearer realm="abfail"' });
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Host without port and brackets, lower case; null when it is none. */
function hostOf(authority: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(authority);
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? null : host.toLowerCase().replace(/\.$/, "");
}

function isLocalhost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

/** `host:port` of an origin; null for `null` and anything that is none. */
function originHost(origin: string): string | null {
  return hostOfUrl(origin).toLowerCase() || null;
}

function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
