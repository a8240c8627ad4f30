/** One request and its answer over HTTP/2: the twin of `exchange.ts`. */
import type { Exchange, Reply } from "./exchange.ts";
import type { Attempt } from "./finding.ts";
import { exchangeH2 } from "./h2/exchange.ts";
import { openSocket, type Security } from "./tls_socket.ts";

/** Bytes of a body that are looked at. */
const MAX_BODY = 64 * 1024;

/** Asks, and resolves once the connection is closed again. Never rejects. */
export async function exchangeHttp2(what: Exchange, attempt: Attempt): Promise<Reply> {
  const { hop, files, verify, expireWarningMs, wantsBody } = what;
  const security: Security | null = hop.secure
    ? { verify, expireWarningMs, serverName: hop.serverName, files, protocols: ["h2", "http/1.1"] }
    : null;
  const opened = await openSocket(hop.host, hop.port, security, attempt);
  if (opened.kind === "failed") return opened;
  const { socket, protocol, warning } = opened;
  if (security !== null && protocol !== "h2") {
    socket.destroy();
    const chosen = protocol === null ? "agrees on no protocol" : `chose ${protocol}`;
    return { kind: "failed", detail: `the server ${chosen}, not HTTP/2`, rule: "http2" };
  }
  const { host, connection: _, ...headers } = hop.headers;
  const reply = await exchangeH2(socket, hop.host, {
    secure: hop.secure,
    method: hop.method,
    path: hop.path,
    authority: host ?? hop.host,
    headers,
    body: null,
    maxBody: wantsBody ? MAX_BODY : 0,
  }, attempt);
  if (reply.kind === "failed") return { kind: "failed", detail: reply.detail, rule: reply.rule };
  const body = wantsBody && reply.complete ? new TextDecoder().decode(reply.body) : null;
  return { kind: "answer", status: reply.status, location: reply.headers.location ?? null, body, warning };
}
