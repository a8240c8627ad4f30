/** Probes of type `http` and `https`: ask, follow redirects where told to, judge the last answer. */
import { unreachable } from "../../base/assert.ts";
import type { HttpOptions, TargetConfig } from "../../config/config.ts";
import type { Attempt, Finding } from "./finding.ts";
import { firstHop, type Hop, type HttpCheck, nextHop } from "./hop.ts";
import { exchange, type Reply } from "./exchange.ts";
import { exchangePlain, isPlain } from "./exchange_plain.ts";
import { lazy } from "./lazy.ts";
import { readTlsFiles, type TlsFiles } from "./tls_files.ts";

const http2 = lazy(() => import("./exchange_http2.ts"));

/** Redirects followed at most. */
const MAX_REDIRECTS = 5;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeHttp(check: HttpCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const files = check.type === "https" ? await readTlsFiles(check.tls) : null;
  if (files !== null && !files.ok) return { ok: false, detail: files.error, rule: "file" };
  let hop = firstHop(check, target);
  for (let redirects = 0;; redirects++) {
    const reply = await ask(check, hop, files?.value ?? null, attempt);
    switch (reply.kind) {
      case "failed":
        return { ok: false, detail: reply.detail, rule: reply.rule };
      case "answer": {
        const next = check.http.followRedirects ? nextHop(hop, reply, check, target) : null;
        if (next === null) return judge(reply, check.http);
        if (!next.ok) return { ok: false, detail: next.error, rule: "follow_redirects" };
        if (redirects === MAX_REDIRECTS) {
          return { ok: false, detail: `more than ${MAX_REDIRECTS} redirects`, rule: "follow_redirects" };
        }
        hop = next.value;
        break;
      }
      default:
        return unreachable(reply);
    }
  }
}

async function ask(
  check: HttpCheck,
  hop: Hop,
  files: TlsFiles | null,
  attempt: Attempt,
): Promise<Reply> {
  attempt.stage = "connection";
  attempt.trace?.mark("started");
  const tls = check.type === "https" ? check.tls : null;
  const what = {
    hop,
    verify: tls?.verify ?? true,
    // What proves who we are goes to the target alone, not to wherever it sends us.
    files: hop.own ? files : files === null ? null : { ...files, cert: null, key: null },
    expireWarningMs: tls?.expireWarningMs ?? null,
    wantsBody: check.http.expectBody !== null,
  };
  // Nobody knows what another place speaks.
  const isHttp2 = check.http.http2 && hop.own && hop.secure === (check.type === "https");
  if (!isHttp2) return await (isPlain(what, attempt) ? exchangePlain : exchange)(what, attempt);
  return await (await http2()).exchangeHttp2(what, attempt);
}

function judge(reply: Extract<Reply, { kind: "answer" }>, http: HttpOptions): Finding {
  const { status, body, warning } = reply;
  const ranges = http.expectStatus;
  if (!ranges.some(({ from, to }) => from <= status && status <= to)) {
    const wanted = ranges.map(({ from, to }) => from === to ? `${from}` : `${from}-${to}`).join(", ");
    return { ok: false, detail: `HTTP ${status}, wanted ${wanted}`, rule: "expect_status" };
  }
  if (http.expectBody !== null) {
    if (body === null) {
      return {
        ok: false,
        detail: `HTTP ${status}, but the connection was lost within the body`,
        rule: "expect_body",
      };
    }
    if (!new RegExp(http.expectBody).test(body)) {
      return { ok: false, detail: `HTTP ${status}, but the body does not match`, rule: "expect_body" };
    }
  }
  const rule = http.expectBody === null ? "expect_status" : "expect_body";
  return warning === null
    ? { ok: true, detail: `HTTP ${status}`, rule }
    : { ok: true, detail: `HTTP ${status}, ${warning}`, rule, warning };
}
