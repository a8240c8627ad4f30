/** The JSON object that a POST carries, bounded in size and time. */
import { err, ok, type Result } from "../../base/result.ts";
import { failure } from "./reply.ts";

/** Largest body, bytes. */
export const BODY_BYTES = 16 * 1024;

/** How long the body may take to arrive, ms. */
const BODY_MS = 5000;

/**
 * Reads the body as a JSON object with no keys but `allowed`; an empty body is an empty object. The error is
 * the answer to give: 413 too large, 408 too slow, 400 anything else.
 */
export async function readJsonBody(
  request: Request,
  allowed: readonly string[],
  timeoutMs: number = BODY_MS,
): Promise<Result<Record<string, unknown>, Response>> {
  const bytes = await readBytes(request, timeoutMs);
  if (!bytes.ok) return bytes;
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.value);
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return err(failure(400, "the body is not JSON"));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return err(failure(400, "the body must be a JSON object"));
  }
  const unknown = Object.keys(value).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    const words = allowed.length === 0 ? "none are allowed here" : `allowed: ${allowed.join(", ")}`;
    return err(failure(400, `unknown key ${JSON.stringify(unknown.slice(0, 100))} in the body; ${words}`));
  }
  return ok(value as Record<string, unknown>);
}

async function readBytes(request: Request, timeoutMs: number): Promise<Result<Uint8Array, Response>> {
  const tooLarge = err(failure(413, `the body is larger than ${BODY_BYTES} bytes`));
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES) return tooLarge;
  if (request.body === null) return ok(new Uint8Array());
  const reader = request.body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), timeoutMs));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (true) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "late") return err(failure(408, `the body did not arrive within ${timeoutMs} ms`));
      if (next.done) return ok(joined(chunks, size));
      size += next.value.length;
      if (size > BODY_BYTES) return tooLarge;
      chunks.push(next.value);
    }
  } catch {
    return err(failure(400, "the body broke off"));
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
