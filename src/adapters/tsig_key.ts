import { err, ok, type Result } from "../base/result.ts";
import type { TsigKeyConfig } from "../config/publisher.ts";
import { parseName } from "../dns/name.ts";
import type { TsigKey } from "../dns/tsig.ts";
import { readSecret } from "./secret_source.ts";

/** What `tsig-keygen` and `nsupdate -k` have: `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`. */
const KEY_CLAUSE = /^\s*key\s+"?([^\s"{]+)"?\s*\{([^}]*)\}\s*;\s*$/;

/** Reads a TSIG key, base64 or a whole key clause of BIND, from where the config says. The error is one phrase for people and shows nothing of it. */
export async function readTsigKey(key: TsigKeyConfig): Promise<Result<TsigKey, string>> {
  const text = await readSecret(key.secret);
  if (!text.ok) return err(`there is no TSIG key: ${text.error}`);
  const name = parseName(key.name);
  const clause = KEY_CLAUSE.exec(text.value);
  const differs = clause === null ? null : difference(clause[1] ?? "", clause[2] ?? "", key);
  if (differs !== null) return err(differs);
  const base64 = clause === null ? text.value : /\bsecret\s+"?([^\s";]+)/.exec(clause[2] ?? "")?.[1] ?? "?";
  try {
    const secret = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    if (name.ok) return ok({ name: name.value, algorithm: key.algorithm, secret });
  } catch {
    // It is no base64; what it is, is nobody's business.
  }
  return err(`the TSIG key ${key.name} is not base64`);
}

/** What a key clause says otherwise than the config; null when they agree. */
function difference(name: string, body: string, key: TsigKeyConfig): string | null {
  const bare = (text: string): string => text.toLowerCase().replace(/\.$/, "");
  if (bare(name) !== bare(key.name)) {
    return `the TSIG key in the file is named ${name}, the config says ${key.name}`;
  }
  const algorithm = /\balgorithm\s+"?([^\s";]+)/.exec(body)?.[1];
  if (algorithm === undefined || bare(algorithm) === key.algorithm) return null;
  return `the TSIG key ${key.name} in the file is for ${algorithm}, the config says ${key.algorithm}`;
}
