/** From a check that was read without problems to the check of the config: defaults filled in. */
import { assert, unreachable } from "../base/assert.ts";
import type { ReadService } from "./read_service.ts";
import type { CheckConfig, CheckTiming, HttpOptions, TlsOptions } from "./config.ts";

/** A check as it was read. */
export type ReadCheck = NonNullable<ReadService["check"]>;
type ReadHttp = Extract<ReadCheck, { type: "http" | "https" }>;
type ReadTls = Extract<ReadCheck, { type: "https" | "tls" | "grpc" }>;

const DEFAULT_FAST_INTERVAL_MS = 250;
const DAY_MS = 86_400_000;

/** Call it only when nothing was reported: then every required key is there. */
export function buildCheck(read: ReadCheck): CheckConfig {
  const intervalMs = read.interval ?? 1000;
  const timing: CheckTiming = {
    intervalMs,
    fastIntervalMs: read.fast_interval ?? Math.min(DEFAULT_FAST_INTERVAL_MS, intervalMs),
    timeoutMs: read.timeout ?? 800,
    fall: read.fall ?? 3,
    rise: read.rise ?? 2,
  };
  switch (read.type) {
    case "http":
      return { type: "http", port: read.port ?? 80, ...timing, http: buildHttp(read) };
    case "https":
      return { type: "https", port: read.port ?? 443, ...timing, http: buildHttp(read), tls: buildTls(read) };
    case "tls":
      return { type: "tls", port: read.port ?? 443, ...timing, tls: buildTls(read) };
    case "tcp": {
      const { port = null, send = null, expect = null } = read;
      return { type: "tcp", port, ...timing, send, expect };
    }
    case "udp": {
      const { port = null, send, expect = null } = read;
      return { type: "udp", port, ...timing, send: there(send), expect };
    }
    case "dns": {
      const { port = 53, query, record = "A", expect = [] } = read;
      return { type: "dns", port, ...timing, query: there(query), record, expect };
    }
    case "grpc": {
      const { port = null, service = "", tls = false } = read;
      return { type: "grpc", port, ...timing, service, tls: tls ? buildTls(read) : null };
    }
    case "exec":
      return { type: "exec", port: null, ...timing, command: there(read.command), env: read.env ?? {} };
    default:
      return unreachable(read);
  }
}

function buildHttp(read: ReadHttp): HttpOptions {
  return {
    path: read.path ?? "/",
    method: read.method ?? "GET",
    headers: read.headers ?? {},
    host: read.host ?? null,
    expectStatus: read.expect_status ?? [{ from: 200, to: 299 }],
    expectBody: read.expect_body ?? null,
    followRedirects: read.follow_redirects ?? false,
    http2: read.http2 ?? false,
  };
}

function buildTls(read: ReadTls): TlsOptions {
  const warningMs = read.expire_warning ?? 14 * DAY_MS;
  return {
    verify: read.verify ?? true,
    caFile: read.ca_file ?? null,
    serverName: read.server_name ?? null,
    clientCertFile: read.client_cert_file ?? null,
    clientKeyFile: read.client_key_file ?? null,
    expireWarningMs: warningMs === 0 ? null : warningMs,
  };
}

function there<T>(value: T | undefined): T {
  assert(value !== undefined, "a required key that is absent was not reported");
  return value;
}
