/** Probes of type `grpc`: the standard health service, `grpc.health.v1.Health/Check`. */
import { isIP } from "node:net";
import { assert } from "../../base/assert.ts";
import { ok, type Result } from "../../base/result.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import type { Attempt, Finding } from "./finding.ts";
import { checkRequest, servingStatus } from "./grpc_message.ts";
import { exchangeH2, type H2Reply } from "./h2/exchange.ts";
import { readTlsFiles, type TlsFiles } from "./tls_files.ts";
import { openSocket, securityOf } from "./tls_socket.ts";

type GrpcCheck = Extract<CheckConfig, { type: "grpc" }>;

/** Bytes of an answer that are looked at; a good one has 7. */
const MAX_BODY = 16 * 1024;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeGrpc(check: GrpcCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const port = target.port ?? check.port;
  assert(port !== null, "a grpc check has a port");
  const { tls } = check;
  const files: Result<TlsFiles | null, string> = tls === null ? ok(null) : await readTlsFiles(tls);
  if (!files.ok) return { ok: false, detail: files.error, rule: "file" };
  const name = tls?.serverName ?? (isIP(target.address) === 0 ? target.address : null);
  const security = tls === null ? null : securityOf(tls, name, files.value, ["h2"]);
  const opened = await openSocket(target.address, port, security, attempt);
  if (opened.kind === "failed") return { ok: false, detail: opened.detail, rule: opened.rule };
  const reply = await exchangeH2(opened.socket, target.address, {
    secure: tls !== null,
    method: "POST",
    path: "/grpc.health.v1.Health/Check",
    authority: authorityOf(name ?? target.address, port),
    headers: {
      "user-agent": "abfail",
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${attempt.timeoutMs}m`,
    },
    body: checkRequest(check.service),
    maxBody: MAX_BODY,
  }, attempt);
  if (reply.kind === "failed") return { ok: false, detail: reply.detail, rule: reply.rule };
  const finding = judge(reply, check.service);
  const { warning } = opened;
  return finding.ok && warning !== null
    ? { ...finding, detail: `${finding.detail}, ${warning}`, warning }
    : finding;
}

function judge(reply: Extract<H2Reply, { kind: "answer" }>, service: string): Finding {
  const { status, headers, trailers, body } = reply;
  if (status !== 200) return { ok: false, detail: `HTTP ${status}, not gRPC`, rule: "protocol" };
  // An answer without a message has its status among the headers.
  const code = trailers["grpc-status"] ?? headers["grpc-status"];
  if (code === undefined) return { ok: false, detail: "an answer without a gRPC status", rule: "protocol" };
  if (code !== "0") {
    const message = String(trailers["grpc-message"] ?? headers["grpc-message"] ?? "");
    return { ok: false, detail: errorWords(String(code), message, service), rule: "service" };
  }
  const serving = servingStatus(body);
  if (serving === null) {
    return { ok: false, detail: "the answer is no HealthCheckResponse", rule: "protocol" };
  }
  const who = service === "" ? "" : `${service} `;
  return { ok: serving === "SERVING", detail: `${who}${serving}`, rule: "service" };
}

const CODES: Readonly<Record<string, string>> = {
  1: "CANCELLED",
  2: "UNKNOWN",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};

function errorWords(code: string, message: string, service: string): string {
  if (code === "5") {
    return service === "" ? "the server has no health of its own" : `the server knows no service ${service}`;
  }
  if (code === "12") return "the server has no health service (UNIMPLEMENTED)";
  const words = message === "" ? "" : `: ${unescape(message)}`;
  return `gRPC status ${CODES[code] ?? code}${words}`;
}

function unescape(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function authorityOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
