/**
 * One request and its answer over HTTP/2, on a connection that stands.
 *
 * Why by hand: `node:http2` of Deno 2.9.6 answered twenty parallel probes within 15 ms at one time and 13 s at another,
 * and crashed the process (SIGSEGV) in between; @grpc/grpc-js stands on it. A node must survive its probes. `fetch`
 * cannot choose the name in the handshake, switch the verification off, or show trailers. One request on one
 * connection needs little of the protocol: no priorities, no pushes, no windows (what we open is all that we read).
 */
import type { Socket } from "node:net";
import { unreachable } from "../../../base/assert.ts";
import type { Attempt, Rule } from "../finding.ts";
import { answerWords, requestWords } from "../http_words.ts";
import { type Answer, AnswerReader, type Step, STREAM } from "./answer.ts";
import { FLAG, FRAME, PREFACE, settings, uint32, writeFrame } from "./frame.ts";
import { writeHeaders } from "./hpack.ts";

export interface H2Request {
  readonly secure: boolean;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** In lower case; none of HTTP/1's own (`host`, `connection`). */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 16 KiB; null = none. */
  readonly body: Uint8Array | null;
  /** Bytes of the answer's body that are wanted, 64 KiB at most; 0 = it ends with its headers. */
  readonly maxBody: number;
}

/** What came back. */
export type H2Reply =
  | { readonly kind: "answer" } & Answer
  | { readonly kind: "failed"; readonly detail: string; readonly rule: Rule };

/** SETTINGS_HEADER_TABLE_SIZE, SETTINGS_ENABLE_PUSH and SETTINGS_INITIAL_WINDOW_SIZE. */
const SETTINGS = settings([[1, 0], [2, 0], [4, 128 * 1024]]);
/** Added to the window of the connection, which is 64 KiB - 1. */
const MORE_WINDOW = 64 * 1024;

/** Asks, and resolves once the connection is closed again. Never rejects. `host` is for messages. */
export function exchangeH2(
  socket: Socket,
  host: string,
  request: H2Request,
  attempt: Attempt,
): Promise<H2Reply> {
  const { method, path, authority, headers } = request;
  const { trace } = attempt;
  return new Promise((resolve) => {
    const reader = new AnswerReader(request.maxBody);
    let failure: { readonly detail: string; readonly rule: Rule } | null = null;
    const take = (step: Step): void => {
      switch (step.kind) {
        case "send":
          socket.write(step.bytes);
          break;
        case "headers":
          trace?.mark("answered");
          trace?.received(answerWords("HTTP/2", step.headers[":status"] ?? "", step.headers));
          attempt.stage = "whole answer";
          break;
        case "trailers":
          trace?.received(answerWords("trailers:", "", step.headers));
          break;
        case "body":
          trace?.received(Uint8Array.from(step.bytes));
          break;
        case "end":
          socket.destroy();
          break;
        case "broken":
          failure ??= { detail: step.detail, rule: "protocol" };
          socket.destroy();
          break;
        default:
          unreachable(step);
      }
    };
    socket.on("data", (chunk: Uint8Array) => {
      for (const step of socket.destroyed ? [] : reader.push(chunk)) take(step);
    });
    socket.on("error", (problem) => failure ??= attempt.failure(problem, host));
    // The server's half is closed: nothing more will come.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      if (reader.answer !== null) return resolve({ kind: "answer", ...reader.answer });
      const detail = "connection closed without an answer";
      resolve({ kind: "failed", ...(failure ?? { detail, rule: attempt.ruleOfStage }) });
    });
    if (socket.destroyed) return resolve({ kind: "failed", detail: "", rule: "timeout" });
    trace?.sent(requestWords("HTTP/2", method, path, { ":authority": authority, ...headers }));
    socket.write(opening(request));
  });
}

/** All that we say: preface, settings, window, the request. */
function opening(request: H2Request): Uint8Array {
  const { secure, method, path, authority, headers, body } = request;
  const block = writeHeaders([
    [":method", method],
    [":scheme", secure ? "https" : "http"],
    [":authority", authority],
    [":path", path],
    ...Object.entries(headers),
  ]);
  const flags = FLAG.END_HEADERS | (body === null ? FLAG.END_STREAM : 0);
  const parts = [
    PREFACE,
    writeFrame(FRAME.SETTINGS, 0, 0, SETTINGS),
    writeFrame(FRAME.WINDOW_UPDATE, 0, 0, uint32(MORE_WINDOW)),
    writeFrame(FRAME.HEADERS, flags, STREAM, block),
    ...(body === null ? [] : [writeFrame(FRAME.DATA, FLAG.END_STREAM, STREAM, body)]),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
