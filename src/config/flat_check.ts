/** The leaves of a check, for comparing nodes. See `flat.ts`. */
import { unreachable } from "../base/assert.ts";
import type { CheckConfig, CheckKind, HttpOptions, TlsOptions } from "./config.ts";
import { fnv32 } from "./digest.ts";
import { durationText } from "./duration.ts";

/** Values by key; what may be a secret is a digest. */
export function checkLeaves(check: CheckConfig): Readonly<Record<string, unknown>> {
  return {
    type: check.type,
    port: check.port,
    interval: durationText(check.intervalMs),
    fast_interval: durationText(check.fastIntervalMs),
    timeout: durationText(check.timeoutMs),
    fall: check.fall,
    rise: check.rise,
    ...kindLeaves(check),
  };
}

function kindLeaves(check: CheckKind): Readonly<Record<string, unknown>> {
  switch (check.type) {
    case "http":
      return httpLeaves(check.http);
    case "https":
      return { ...httpLeaves(check.http), ...tlsLeaves(check.tls) };
    case "tls":
      return tlsLeaves(check.tls);
    case "tcp":
    case "udp":
      // what is sent may log in
      return { send: check.send === null ? null : hidden(JSON.stringify(check.send)), expect: check.expect };
    case "dns":
      return { query: check.query, record: check.record, expect: check.expect };
    case "grpc":
      return {
        service: check.service,
        tls: check.tls !== null,
        ...(check.tls === null ? {} : tlsLeaves(check.tls)),
      };
    case "exec":
      return { command: check.command, env: pairs(check.env, "=") };
    default:
      return unreachable(check);
  }
}

function httpLeaves(http: HttpOptions): Readonly<Record<string, unknown>> {
  return {
    path: http.path,
    method: http.method,
    headers: pairs(http.headers, ": "),
    host: http.host,
    expect_status: http.expectStatus.map(({ from, to }) => `${from}-${to}`),
    expect_body: http.expectBody,
    follow_redirects: http.followRedirects,
    http2: http.http2,
  };
}

function tlsLeaves(tls: TlsOptions): Readonly<Record<string, unknown>> {
  return {
    verify: tls.verify,
    ca_file: tls.caFile,
    server_name: tls.serverName,
    client_cert_file: tls.clientCertFile,
    client_key_file: tls.clientKeyFile,
    expire_warning: durationText(tls.expireWarningMs ?? 0),
  };
}

function pairs(table: Readonly<Record<string, string>>, between: string): string[] {
  const sorted = Object.entries(table).sort(([a], [b]) => a < b ? -1 : 1);
  return sorted.map(([name, value]) => `${name}${between}${hidden(value)}`);
}

/** 32 bits of what may be a secret: enough to see that two differ, far too few to find it. */
export function hidden(text: string): string {
  return `secret ${fnv32(text).toString(16).padStart(8, "0")}`;
}
