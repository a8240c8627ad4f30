/** Secrets at the moment of use: a changed file or key counts at once. What is said when it fails names no secret. */
import { err, ok, type Result } from "../base/result.ts";
import type { SecretSource } from "../config/publisher.ts";

/** A secret's file may be so long, octets. */
const MAX_OCTETS = 64 * 1024;

/** Reads a secret; spaces and line ends around it do not count. The error is one phrase for people. */
export async function readSecret(source: SecretSource): Promise<Result<string, string>> {
  switch (source.kind) {
    case "inline":
      return ok(source.secret.reveal());
    case "env": {
      const value = Deno.env.get(source.variable)?.trim() ?? "";
      return value === "" ? err(`the variable ${source.variable} is not set`) : ok(value);
    }
    case "file":
      return await readFile(source.path);
  }
}

async function readFile(path: string): Promise<Result<string, string>> {
  try {
    const text = (await Deno.readTextFile(path)).trim();
    if (text === "") return err(`${path} is empty`);
    return text.length > MAX_OCTETS ? err(`${path} is no secret: it is too long`) : ok(text);
  } catch (problem) {
    if (problem instanceof Deno.errors.NotFound) return err(`there is no file ${path}`);
    if (problem instanceof Deno.errors.PermissionDenied) return err(`${path} may not be read`);
    return err(`${path} cannot be read`);
  }
}
