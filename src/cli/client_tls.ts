/** How the command line trusts a node's API over TLS, and shows who it is. */
import { err, ok, type Result } from "../base/result.ts";
import type { ApiTlsConfig } from "../config/config.ts";
import { reasonOf } from "./load.ts";

/** The options for it; null = not given. */
export interface TlsFileOptions {
  /** CAs to trust instead of the usual ones. */
  readonly caFile: string | null;
  /** Shown to the node where it asks. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** PEM texts. */
export interface ClientTls {
  /** Null: the usual CAs alone. */
  readonly ca: readonly string[] | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/**
 * Reads the files. Without options the config of a node will do: what is in cert_file (one that signs itself, or the CA
 * behind it) and client_ca_file is trusted, and the node's certificate is shown as a client's. The error is one sentence.
 */
export function readClientTls(
  options: TlsFileOptions,
  config: ApiTlsConfig | null,
): Result<ClientTls, string> {
  const { caFile, certFile, keyFile } = options;
  if ((certFile === null) !== (keyFile === null)) {
    return err("--cert-file and --key-file belong together: the certificate to show and its private key");
  }
  const ca = caFile === null ? ok(null) : read("--ca-file", caFile);
  if (!ca.ok) return ca;
  const cert = certFile === null ? ok(null) : read("--cert-file", certFile);
  if (!cert.ok) return cert;
  const key = keyFile === null ? ok(null) : read("--key-file", keyFile);
  if (!key.ok) return key;
  const given = { ca: ca.value === null ? null : [ca.value], cert: cert.value, key: key.value };
  return ok(config === null ? given : completed(given, config));
}

/** What was not given, from the config; files that cannot be read here are left out. */
function completed(given: ClientTls, config: ApiTlsConfig): ClientTls {
  const orNull = (path: string): string | null => {
    const text = read("", path);
    return text.ok ? text.value : null;
  };
  const cert = orNull(config.certFile);
  const clientCa = config.clientCaFile === null ? null : orNull(config.clientCaFile);
  const own = [cert, clientCa].filter((one) => one !== null);
  const ca = given.ca ?? (own.length === 0 ? null : own);
  if (given.cert !== null || clientCa === null) return { ...given, ca };
  const key = orNull(config.keyFile);
  return key === null || cert === null ? { ...given, ca } : { ca, cert, key };
}

function read(option: string, path: string): Result<string, string> {
  try {
    return ok(Deno.readTextFileSync(path));
  } catch (problem) {
    return err(`${option}: cannot read ${path}: ${reasonOf(problem)}`);
  }
}
