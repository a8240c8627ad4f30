/** One request and its answer, on a connection of its own. */
import type { Buffer } from "node:buffer";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { TLSSocket } from "node:tls";
import { type Certificate, certificateProblem, certificateWarning } from "./certificate.ts";
import { describeError } from "./describe_error.ts";
import type { Attempt } from "./finding.ts";
import type { Hop } from "./hop.ts";
import type { TlsFiles } from "./tls_files.ts";

/** What came back. */
export type Reply =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly location: string | null;
    /** The first 64 KiB; null when it was not wanted, or broke off before. */
    readonly body: string | null;
    /** The certificate ends soon. */
    readonly warning: string | null;
  }
  | { readonly kind: "failed"; readonly detail: string };

export interface Exchange {
  readonly hop: Hop;
  /** The certificate must be good. */
  readonly verify: boolean;
  readonly files: TlsFiles | null;
  readonly expireWarningMs: number | null;
  readonly wantsBody: boolean;
}

/** Bytes of a body that are looked at. */
const MAX_BODY = 64 * 1024;

/** Asks, and resolves once the connection is closed again. Never rejects. */
export function exchange(what: Exchange, attempt: Attempt): Promise<Reply> {
  return new Promise((resolve) => new OneExchange(what, attempt, resolve).start());
}

class OneExchange {
  readonly #what: Exchange;
  readonly #attempt: Attempt;
  readonly #resolve: (reply: Reply) => void;
  #request: ClientRequest | null = null;
  #reply: Reply | null = null;
  /** The answer as far as it has come: without its body. */
  #begun: Reply | null = null;
  #warning: string | null = null;
  readonly #abort = (): void => void this.#request?.destroy();

  constructor(what: Exchange, attempt: Attempt, resolve: (reply: Reply) => void) {
    this.#what = what;
    this.#attempt = attempt;
    this.#resolve = resolve;
  }

  start(): void {
    const { hop } = this.#what;
    if (this.#attempt.signal.aborted) return this.#resolve({ kind: "failed", detail: "" });
    let request: ClientRequest;
    try {
      request = this.#open();
    } catch (problem) {
      return this.#resolve({ kind: "failed", detail: describeError(problem, hop.host) });
    }
    this.#request = request;
    this.#attempt.signal.addEventListener("abort", this.#abort);
    request.on("error", (problem) => {
      this.#end(this.#begun ?? { kind: "failed", detail: describeError(problem, hop.host) });
    });
    request.on("response", (response) => this.#onResponse(response));
    request.on("upgrade", (response, socket) => {
      this.#onResponse(response);
      socket.destroy();
    });
    request.on("close", () => this.#close());
    if (!hop.secure) {
      request.on("socket", (socket) => socket.on("connect", () => this.#attempt.stage = "answer"));
      request.end();
      return;
    }
    request.on("socket", (socket) => {
      socket.on("connect", () => this.#attempt.stage = "TLS handshake");
      // Nothing is sent before the certificate has been looked at.
      socket.on("secureConnect", () => this.#onSecure(request, socket));
    });
  }

  #open(): ClientRequest {
    const { hop, files } = this.#what;
    const { host, port, method, path, headers } = hop;
    const plain = { host, port, method, path, headers: { ...headers }, agent: false as const };
    if (!hop.secure) return httpRequest(plain);
    return httpsRequest({
      ...plain,
      // Judged in `#onSecure`, where the certificate can be seen: the error itself does not say what is wrong.
      rejectUnauthorized: false,
      ...(hop.serverName === null ? {} : { servername: hop.serverName }),
      ...(files === null || files.ca === null ? {} : { ca: files.ca }),
      ...(files === null || files.cert === null || files.key === null
        ? {}
        : { cert: files.cert, key: files.key }),
    });
  }

  #onSecure(request: ClientRequest, socket: unknown): void {
    const { hop, verify, expireWarningMs } = this.#what;
    const wallMs = Date.now();
    const certificate = socket instanceof TLSSocket ? certificateOf(socket) : null;
    if (verify && !(socket instanceof TLSSocket && socket.authorized === true)) {
      const code = socket instanceof TLSSocket
        ? String(socket.authorizationError ?? "not authorized")
        : "no TLS";
      const detail = certificateProblem(certificate, hop.serverName ?? hop.host, code, wallMs);
      return this.#end({ kind: "failed", detail });
    }
    this.#warning = certificateWarning(certificate, expireWarningMs, wallMs);
    this.#attempt.stage = "answer";
    request.end();
  }

  #onResponse(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const location = response.headers.location ?? null;
    const answer = { kind: "answer", status, location, body: null, warning: this.#warning } as const;
    this.#begun = answer;
    response.on("error", () => this.#end(answer));
    if (!this.#what.wantsBody) return this.#end(answer);
    this.#attempt.stage = "whole answer";
    const body = new Uint8Array(MAX_BODY);
    let length = 0;
    const judge = (): void =>
      this.#end({ ...answer, body: new TextDecoder().decode(body.subarray(0, length)) });
    response.on("data", (chunk: Buffer) => {
      const kept = chunk.subarray(0, MAX_BODY - length);
      body.set(kept, length);
      length += kept.length;
      if (length === MAX_BODY) judge();
    });
    response.on("end", () => response.complete ? judge() : this.#end(answer));
    response.on("close", () => this.#end(answer));
  }

  /** The first word counts; the connection is of no more use. */
  #end(reply: Reply): void {
    this.#reply ??= reply;
    this.#request?.destroy();
  }

  #close(): void {
    this.#attempt.signal.removeEventListener("abort", this.#abort);
    this.#resolve(
      this.#reply ?? this.#begun ?? { kind: "failed", detail: "connection closed without an answer" },
    );
  }
}

function certificateOf(socket: TLSSocket): Certificate | null {
  const certificate = socket.getPeerCertificate();
  return certificate !== null && "valid_to" in certificate ? certificate : null;
}
