/** The API's certificate and key, read and judged before a socket uses them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { err, ok, type Result } from "../../base/result.ts";
import type { ApiTlsConfig } from "../../config/config.ts";

/** PEM texts that fit together. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** Certificates of clients must come from one of these; null: none is asked for. */
  readonly clientCa: string | null;
  /** When the certificate ends, ms since 1970. */
  readonly endsAt: number;
}

/** Reads the files. The error is one sentence that names the key and the file, and shows nothing of what is in it. */
export function readTlsIdentity(config: ApiTlsConfig): Result<TlsIdentity, string> {
  const cert = read("cert_file", config.certFile);
  if (!cert.ok) return cert;
  const key = read("key_file", config.keyFile);
  if (!key.ok) return key;
  const clientCa = config.clientCaFile === null ? ok(null) : read("client_ca_file", config.clientCaFile);
  if (!clientCa.ok) return clientCa;
  const leaf = certificateOf(cert.value);
  if (leaf === null) return err(`api.cert_file: ${config.certFile} holds no certificate (PEM)`);
  const secret = keyOf(key.value);
  if (secret === null) {
    return err(`api.key_file: ${config.keyFile} holds no private key (PEM, without a password)`);
  }
  if (!leaf.checkPrivateKey(secret)) {
    return err(
      `api.key_file: the key in ${config.keyFile} does not belong to the certificate in ${config.certFile}`,
    );
  }
  if (clientCa.value !== null && certificateOf(clientCa.value) === null) {
    return err(`api.client_ca_file: ${config.clientCaFile} holds no certificate (PEM)`);
  }
  const endsAt = Date.parse(leaf.validTo);
  return ok({ cert: cert.value, key: key.value, clientCa: clientCa.value, endsAt });
}

function read(name: string, path: string): Result<string, string> {
  try {
    return ok(Deno.readTextFileSync(path));
  } catch (problem) {
    const why = problem instanceof Deno.errors.NotFound
      ? "there is no such file"
      : problem instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : "it is no text file";
    return err(`api.${name}: cannot read ${path}: ${why}`);
  }
}

function certificateOf(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function keyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
