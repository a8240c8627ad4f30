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
    const text = await readBeginning(path);
    if (text.length > MAX_OCTETS) return err(`${path} is no secret: it is too long`);
    return text.trim() === "" ? err(`${path} is empty`) : ok(text.trim());
  } catch (problem) {
    if (problem instanceof Deno.errors.NotFound) return err(`there is no file ${path}`);
    if (problem instanceof Deno.errors.PermissionDenied) return err(`${path} may not be read`);
    return err(`${path} cannot be read`);
  }
}

/** No more than is needed to see that it is too long: a path may lead to a disk, or to a file without an end. */
async function readBeginning(path: string): Promise<string> {
  using file = await Deno.open(path);
  const octets = new Uint8Array(MAX_OCTETS + 1);
  let filled = 0;
  for (;;) {
    const count = filled < octets.length ? await file.read(octets.subarray(filled)) : null;
    if (count === null) return new TextDecoder().decode(octets.subarray(0, filled));
    filled += count;
  }
}
