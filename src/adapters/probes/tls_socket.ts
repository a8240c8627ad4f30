/** A connection of Node's kind, plain or with TLS, its certificate judged before anything is sent. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { TlsOptions } from "../../config/config.ts";
import { wallClockMs } from "../clock.ts";
import { type Certificate, certificateProblem, certificateWarning } from "./certificate.ts";
import type { Attempt, Rule } from "./finding.ts";
import type { TlsFiles } from "./tls_files.ts";

/** How to secure a connection. */
export interface Security {
  readonly verify: boolean;
  readonly expireWarningMs: number | null;
  /** Asked for and looked for in the certificate; null = the address itself. */
  readonly serverName: string | null;
  readonly files: TlsFiles | null;
  /** Protocols to offer, such as `h2`. */
  readonly protocols: readonly string[];
}

/** A connection that stands, or why there is none. */
export type Opened =
  | {
    readonly kind: "open";
    readonly socket: Socket;
    /** The certificate ends soon. */
    readonly warning: string | null;
    /** Of the protocols offered, the one that the server chose. */
    readonly protocol: string | null;
    /** When the certificate ends, ms since 1970; null without one. */
    readonly endsAt: number | null;
  }
  | { readonly kind: "failed"; readonly detail: string; readonly rule: Rule };

/** What a certificate is found to be. */
export type Judged =
  | { readonly ok: true; readonly warning: string | null; readonly endsAt: number | null }
  | { readonly ok: false; readonly detail: string };

/** The options of Node's TLS for this; what is wrong with a certificate is found out by `judgeCertificate`. */
export function secureOptions(
  files: TlsFiles | null,
  serverName: string | null,
): {
  readonly rejectUnauthorized: false;
  readonly servername?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
} {
  return {
    // The library's own error does not say what is wrong.
    rejectUnauthorized: false,
    ...(serverName === null ? {} : { servername: serverName }),
    ...(files === null || files.ca === null ? {} : { ca: files.ca }),
    ...(files === null || files.cert === null || files.key === null
      ? {}
      : { cert: files.cert, key: files.key }),
  };
}

/** Looks at the certificate of a connection whose handshake is over. `name` is who was to be reached. */
export function judgeCertificate(
  socket: unknown,
  wanted: { readonly verify: boolean; readonly expireWarningMs: number | null },
  name: string,
): Judged {
  const wallMs = wallClockMs();
  const certificate = socket instanceof TLSSocket ? certificateOf(socket) : null;
  if (wanted.verify && !(socket instanceof TLSSocket && socket.authorized === true)) {
    const code = socket instanceof TLSSocket
      ? String(socket.authorizationError ?? "not authorized")
      : "no TLS";
    return { ok: false, detail: certificateProblem(certificate, name, code, wallMs) };
  }
  const warning = certificateWarning(certificate, wanted.expireWarningMs, wallMs);
  return { ok: true, warning, endsAt: certificate === null ? null : Date.parse(certificate.valid_to) };
}

/** The security that a check asks for, towards the target itself. */
export function securityOf(
  tls: TlsOptions,
  serverName: string | null,
  files: TlsFiles | null,
  protocols: readonly string[] = [],
): Security {
  return { verify: tls.verify, expireWarningMs: tls.expireWarningMs, serverName, files, protocols };
}

/** Connects. Never rejects. The socket is destroyed when the attempt ends; else that is the caller's to do. */
export function openSocket(
  host: string,
  port: number,
  security: Security | null,
  attempt: Attempt,
): Promise<Opened> {
  return new Promise((resolve) => {
    if (attempt.signal.aborted) return resolve({ kind: "failed", detail: "", rule: "timeout" });
    const socket = security === null ? connectTcp({ host, port }) : connectTls({
      host,
      port,
      ...secureOptions(security.files, security.serverName),
      ...(security.protocols.length === 0 ? {} : { ALPNProtocols: [...security.protocols] }),
    });
    const destroy = (): void => void socket.destroy();
    attempt.signal.addEventListener("abort", destroy);
    let isOpen = false;
    const open = (warning: string | null, protocol: string | null, endsAt: number | null): void => {
      isOpen = true;
      attempt.stage = "answer";
      resolve({ kind: "open", socket, warning, protocol, endsAt });
    };
    let failure: Opened | null = null;
    socket.on("lookup", (problem) => problem === null && attempt.trace?.mark("resolved"));
    socket.on("connect", () => {
      attempt.trace?.mark("connected");
      if (security === null) open(null, null, null);
      else attempt.stage = "TLS handshake";
    });
    socket.on("secureConnect", () => {
      if (security === null) return;
      attempt.trace?.mark("secured");
      const judged = judgeCertificate(socket, security, security.serverName ?? host);
      if (judged.ok) return open(judged.warning, protocolOf(socket), judged.endsAt);
      failure = { kind: "failed", detail: judged.detail, rule: "verify" };
      socket.destroy();
    });
    socket.on("error", (problem) => {
      failure ??= { kind: "failed", ...attempt.failure(problem, host) };
    });
    socket.on("close", () => {
      attempt.signal.removeEventListener("abort", destroy);
      if (isOpen) return;
      const detail = "connection closed without an answer";
      resolve(failure ?? { kind: "failed", detail, rule: attempt.ruleOfStage });
    });
  });
}

function protocolOf(socket: Socket): string | null {
  const protocol = socket instanceof TLSSocket ? socket.alpnProtocol : null;
  return typeof protocol === "string" && protocol !== "" ? protocol : null;
}

function certificateOf(socket: TLSSocket): Certificate | null {
  const certificate = socket.getPeerCertificate();
  return certificate !== null && "valid_to" in certificate ? certificate : null;
}
