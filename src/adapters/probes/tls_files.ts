/** The files that a TLS check names, read again now and then: certificates are renewed while a node runs. */
import { err, ok, type Result } from "../../base/result.ts";
import type { TlsOptions } from "../../config/config.ts";
import { stopwatchMs } from "../clock.ts";

/** PEM texts; null = not configured. */
export interface TlsFiles {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** A file is read at most this often, ms. */
const FRESH_MS = 5000;
/** Files remembered at most. */
const MAX_FILES = 256;

const remembered = new Map<string, { readonly text: string; readonly readAt: number }>();

/** Reads what the options name. The error says which file it is about. */
export async function readTlsFiles(tls: TlsOptions): Promise<Result<TlsFiles, string>> {
  const [ca, cert, key] = await Promise.all([
    read("ca_file", tls.caFile),
    read("client_cert_file", tls.clientCertFile),
    read("client_key_file", tls.clientKeyFile),
  ]);
  if (!ca.ok) return ca;
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  return ok({ ca: ca.value, cert: cert.value, key: key.value });
}

async function read(name: string, path: string | null): Promise<Result<string | null, string>> {
  if (path === null) return ok(null);
  const now = stopwatchMs();
  const known = remembered.get(path);
  if (known !== undefined && now - known.readAt < FRESH_MS) return ok(known.text);
  try {
    const text = await Deno.readTextFile(path);
    if (remembered.size >= MAX_FILES) remembered.clear();
    remembered.set(path, { text, readAt: now });
    return ok(text);
  } catch (problem) {
    const why = problem instanceof Deno.errors.NotFound ? "is not there" : "cannot be read";
    return err(`${name} ${why} on this node`);
  }
}
