import { err, ok, type Result } from "../base/result.ts";
import type { TsigKeyConfig } from "../config/publisher.ts";
import { parseName } from "../dns/name.ts";
import type { TsigKey } from "../dns/tsig.ts";
import { readSecret } from "./secret_source.ts";

/** Reads a TSIG key from where the config says. The error is one phrase for people and shows nothing of it. */
export async function readTsigKey(key: TsigKeyConfig): Promise<Result<TsigKey, string>> {
  const text = await readSecret(key.secret);
  if (!text.ok) return err(`there is no TSIG key: ${text.error}`);
  const name = parseName(key.name);
  try {
    const secret = Uint8Array.from(atob(text.value), (character) => character.charCodeAt(0));
    if (name.ok) return ok({ name: name.value, algorithm: key.algorithm, secret });
  } catch {
    // It is no base64; what it is, is nobody's business.
  }
  return err(`the TSIG key ${key.name} is not base64`);
}
