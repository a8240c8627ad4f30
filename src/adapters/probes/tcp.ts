/** Probes of type `tcp`: connect; send something; wait for an answer that matches. */
import { assert } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import type { Attempt, Finding } from "./finding.ts";

type TcpCheck = Extract<CheckConfig, { type: "tcp" }>;

/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 64 * 1024;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeTcp(check: TcpCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const port = target.port ?? check.port;
  assert(port !== null, "a tcp check has a port");
  const conn = await Deno.connect({ hostname: target.address, port, signal: attempt.signal });
  const close = (): void => {
    try {
      conn.close();
    } catch {
      // Closed already.
    }
  };
  attempt.signal.addEventListener("abort", close);
  try {
    if (attempt.signal.aborted) return { ok: false, detail: "" };
    if (check.send !== null) await sendAll(conn, new TextEncoder().encode(check.send));
    if (check.expect === null) return { ok: true, detail: "connected" };
    attempt.stage = "answer";
    return await readUntil(conn, new RegExp(check.expect), attempt);
  } finally {
    attempt.signal.removeEventListener("abort", close);
    close();
  }
}

async function sendAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

async function readUntil(conn: Deno.TcpConn, expected: RegExp, attempt: Attempt): Promise<Finding> {
  const answer = new Uint8Array(MAX_ANSWER);
  let length = 0;
  for (;;) {
    const count = await conn.read(answer.subarray(length));
    if (count !== null) length += count;
    if (expected.test(new TextDecoder().decode(answer.subarray(0, length)))) {
      return { ok: true, detail: "the answer matches" };
    }
    if (count === null) {
      return {
        ok: false,
        detail: length === 0 ? "connection closed without an answer" : "the answer does not match",
      };
    }
    if (length === MAX_ANSWER) return { ok: false, detail: "the first 64 KiB of the answer do not match" };
    attempt.stage = "whole answer";
  }
}
