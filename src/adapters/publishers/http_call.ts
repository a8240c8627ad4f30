/**
 * One HTTP request to a publisher. Why node:http and not `fetch`: no proxy of the environment comes between, and no
 * port is forbidden. Follows no redirect. URLs and headers may be secrets: none is in any error.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Buffer } from "node:buffer";
import { err, ok, type Result } from "../../base/result.ts";
import { describeError } from "../probes/describe_error.ts";
import { type Deadline, letTimersGoFirst } from "./deadline.ts";

/** Octets of an answer that are kept. */
const MAX_BODY = 1024 * 1024;

export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; null = no body. */
  readonly body: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** What Retry-After asks for, as it was sent; null without one. */
  readonly retryAfter: string | null;
}

/** Performs it. The error is one phrase for people: then nothing is known of what the far side did. */
export async function callHttp(call: HttpCall, deadline: Deadline): Promise<Result<HttpAnswer, string>> {
  if (call.method !== "GET") await letTimersGoFirst();
  if (deadline.why !== null) return err(deadline.why);
  return await new Promise((resolve) => {
    const url = new URL(call.url);
    const failed = (problem: unknown): void =>
      resolve(err(deadline.why ?? describeError(problem, url.hostname)));
    const body = call.body === null ? null : Buffer.from(JSON.stringify(call.body));
    try {
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const headers = {
        "user-agent": "abfail",
        "accept": "application/json",
        ...(body === null
          ? {}
          : { "content-type": "application/json; charset=utf-8", "content-length": String(body.length) }),
        ...call.headers,
      };
      const request = send(url, {
        method: call.method,
        headers,
        agent: false,
        signal: deadline.signal,
      });
      request.on("error", failed);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length <= MAX_BODY) chunks.push(chunk);
          else request.destroy(new Error("the answer is too long"));
        });
        response.on("error", failed);
        response.on("aborted", () => failed(new Error("the answer was cut off")));
        response.on("end", () =>
          resolve(ok({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
            retryAfter: response.headers["retry-after"] ?? null,
          })));
      });
      request.end(body ?? undefined);
    } catch (problem) {
      failed(problem);
    }
  });
}

/** The longest wait that a far side may ask for, ms. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Milliseconds that a Retry-After header asks for: seconds, or a date; an hour at most; null for anything else. */
export function retryAfterMs(text: string | null, wallMs: number): number | null {
  if (text === null) return null;
  if (/^[0-9]{1,9}$/.test(text.trim())) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - wallMs), MAX_RETRY_AFTER_MS);
}

/** The beginning of what the far side said, on one line without control characters. */
export function words(text: string, max = 200): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim().slice(0, max);
}
