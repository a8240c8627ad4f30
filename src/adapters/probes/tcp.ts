/** Probes of type `tcp`: connect; send something; wait for an answer that matches. */
import { assert } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import { dial, sendAll } from "./dial.ts";
import type { Attempt, Finding } from "./finding.ts";
import { bytesOf, type Matcher, matcherOf } from "./payload.ts";

type TcpCheck = Extract<CheckConfig, { type: "tcp" }>;

/** Bytes of an answer that are looked at. */
const MAX_ANSWER = 64 * 1024;
/** Pieces in which it may come: each makes us look again at all that is there. */
const MAX_PIECES = 512;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeTcp(check: TcpCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const port = target.port ?? check.port;
  assert(port !== null, "a tcp check has a port");
  using dialled = await dial(target.address, port, attempt);
  const { conn } = dialled;
  attempt.stage = "answer";
  if (check.send !== null) {
    const bytes = bytesOf(check.send);
    await sendAll(conn, bytes);
    attempt.trace?.sent(bytes);
  }
  if (check.expect === null) return { ok: true, detail: "connected", rule: "connection" };
  return await readUntil(conn, matcherOf(check.expect), attempt);
}

async function readUntil(conn: Deno.TcpConn, matches: Matcher, attempt: Attempt): Promise<Finding> {
  const answer = new Uint8Array(MAX_ANSWER);
  let length = 0;
  for (let pieces = 1;; pieces++) {
    const count = await conn.read(answer.subarray(length));
    if (count !== null) {
      if (length === 0) attempt.trace?.mark("answered");
      attempt.trace?.received(answer.slice(length, length + count));
      length += count;
    }
    if (matches(answer.subarray(0, length))) {
      return { ok: true, detail: "the answer matches", rule: "expect" };
    }
    if (count === null) {
      const detail = length === 0 ? "connection closed without an answer" : "the answer does not match";
      return { ok: false, detail, rule: "expect" };
    }
    if (length === MAX_ANSWER) {
      return { ok: false, detail: "the first 64 KiB of the answer do not match", rule: "expect" };
    }
    if (pieces === MAX_PIECES) {
      return {
        ok: false,
        detail: `the first ${MAX_PIECES} pieces of the answer do not match`,
        rule: "expect",
      };
    }
    attempt.stage = "whole answer";
  }
}
