/** One request and its answer, on a connection of its own. */
import type { Buffer } from "node:buffer";
import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Attempt, Rule } from "./finding.ts";
import type { Hop } from "./hop.ts";
import { answerWords, requestWords } from "./http_words.ts";
import type { TlsFiles } from "./tls_files.ts";
import { judgeCertificate, secureOptions } from "./tls_socket.ts";

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
  | { readonly kind: "failed"; readonly detail: string; readonly rule: Rule };

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
/** How long the beginning of a body that nobody judges is waited for, when somebody looks on, ms. */
const SHOW_MS = 50;

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
    if (this.#attempt.signal.aborted) return this.#resolve({ kind: "failed", detail: "", rule: "timeout" });
    let request: ClientRequest;
    try {
      request = this.#open();
    } catch (problem) {
      return this.#resolve({ kind: "failed", ...this.#attempt.failure(problem, hop.host) });
    }
    this.#request = request;
    this.#attempt.signal.addEventListener("abort", this.#abort);
    request.on("error", (problem) => {
      this.#end(this.#begun ?? { kind: "failed", ...this.#attempt.failure(problem, hop.host) });
    });
    request.on("response", (response) => this.#onResponse(response));
    request.on("upgrade", (response, socket) => {
      this.#onResponse(response);
      socket.destroy();
    });
    request.on("close", () => this.#close());
    const { trace } = this.#attempt;
    request.on("socket", (socket) => {
      socket.on("lookup", (problem) => problem === null && trace?.mark("resolved"));
      socket.on("connect", () => {
        trace?.mark("connected");
        this.#attempt.stage = hop.secure ? "TLS handshake" : "answer";
        if (!hop.secure) this.#tellSent();
      });
      // Nothing is sent before the certificate has been looked at.
      if (hop.secure) socket.on("secureConnect", () => this.#onSecure(request, socket));
    });
    if (!hop.secure) request.end();
  }

  #open(): ClientRequest {
    const { hop, files } = this.#what;
    const { host, port, method, path, headers } = hop;
    const plain = { host, port, method, path, headers: { ...headers }, agent: false as const };
    if (!hop.secure) return httpRequest(plain);
    return httpsRequest({ ...plain, ...secureOptions(files, hop.serverName) });
  }

  #onSecure(request: ClientRequest, socket: unknown): void {
    const { hop } = this.#what;
    this.#attempt.trace?.mark("secured");
    const judged = judgeCertificate(socket, this.#what, hop.serverName ?? hop.host);
    if (!judged.ok) return this.#end({ kind: "failed", detail: judged.detail, rule: "verify" });
    this.#warning = judged.warning;
    this.#attempt.stage = "answer";
    this.#tellSent();
    request.end();
  }

  #tellSent(): void {
    const { method, path, headers } = this.#what.hop;
    this.#attempt.trace?.sent(requestWords("HTTP/1.1", method, path, headers));
  }

  #onResponse(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const location = response.headers.location ?? null;
    const answer = { kind: "answer", status, location, body: null, warning: this.#warning } as const;
    this.#begun = answer;
    const { trace } = this.#attempt;
    trace?.mark("answered");
    const line = `${status} ${response.statusMessage ?? ""}`;
    trace?.received(answerWords(`HTTP/${response.httpVersion}`, line, response.headers));
    response.on("error", () => this.#end(answer));
    if (!this.#what.wantsBody) return trace === null ? this.#end(answer) : this.#show(response, answer);
    this.#attempt.stage = "whole answer";
    const body = new Uint8Array(MAX_BODY);
    let length = 0;
    const judge = (): void =>
      this.#end({ ...answer, body: new TextDecoder().decode(body.subarray(0, length)) });
    response.on("data", (chunk: Buffer) => {
      const kept = chunk.subarray(0, MAX_BODY - length);
      body.set(kept, length);
      length += kept.length;
      trace?.received(Uint8Array.from(kept));
      if (length === MAX_BODY) judge();
    });
    response.on("end", () => response.complete ? judge() : this.#end(answer));
    response.on("close", () => this.#end(answer));
  }

  /** Nobody judges the body; whoever looks on sees its beginning, where that is there at once. */
  #show(response: IncomingMessage, answer: Reply): void {
    response.on("data", (chunk: Buffer) => {
      this.#attempt.trace?.received(Uint8Array.from(chunk));
      this.#end(answer);
    });
    response.on("close", () => this.#end(answer));
    this.#attempt.later(() => this.#end(answer), SHOW_MS);
  }

  /** The first word counts; the connection is of no more use. */
  #end(reply: Reply): void {
    this.#reply ??= reply;
    this.#request?.destroy();
  }

  #close(): void {
    this.#attempt.signal.removeEventListener("abort", this.#abort);
    this.#resolve(
      this.#reply ?? this.#begun ?? {
        kind: "failed",
        detail: "connection closed without an answer",
        rule: this.#attempt.ruleOfStage,
      },
    );
  }
}
