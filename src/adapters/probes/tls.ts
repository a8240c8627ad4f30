/** Probes of type `tls`: connect, shake hands, judge the certificate. */
import { isIP, type Socket } from "node:net";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import { certificateSpan } from "./certificate.ts";
import { wallClockMs } from "../clock.ts";
import type { Attempt, Finding } from "./finding.ts";
import { readTlsFiles } from "./tls_files.ts";
import { openSocket, securityOf } from "./tls_socket.ts";

type TlsCheck = Extract<CheckConfig, { type: "tls" }>;

/**
 * In TLS 1.3 a client is done before the server has looked at the client's certificate, ms: that a server refuses
 * it is seen within this time, or not by this check.
 */
const REFUSAL_MS = 100;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeTls(check: TlsCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const files = await readTlsFiles(check.tls);
  if (!files.ok) return { ok: false, detail: files.error, rule: "file" };
  const name = check.tls.serverName ?? (isIP(target.address) === 0 ? target.address : null);
  const security = securityOf(check.tls, name, files.value);
  const opened = await openSocket(target.address, target.port ?? check.port ?? 443, security, attempt);
  if (opened.kind === "failed") return { ok: false, detail: opened.detail, rule: opened.rule };
  const { socket, warning, endsAt } = opened;
  try {
    if (files.value.cert !== null && await refuses(socket, attempt)) {
      return { ok: false, detail: "the server refuses the client certificate", rule: "handshake" };
    }
  } finally {
    await closed(socket);
  }
  const rule = check.tls.verify ? "verify" : "handshake";
  if (warning !== null) return { ok: true, detail: `TLS, ${warning}`, rule, warning };
  const ends = endsAt === null ? "" : `, certificate ends in ${certificateSpan(endsAt - wallClockMs())}`;
  return { ok: true, detail: check.tls.verify ? `TLS${ends}` : "TLS", rule };
}

/** True when the server hangs up on us. Anything else that it says means that it took us. */
function refuses(socket: Socket, attempt: Attempt): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("error", () => resolve(true));
    socket.once("close", () => resolve(true));
    socket.once("data", () => resolve(false));
    attempt.later(() => resolve(false), Math.min(REFUSAL_MS, attempt.timeoutMs / 4));
  });
}

/** Resolves once a socket is gone. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once("close", () => resolve());
    socket.destroy();
  });
}
