/** How answers look: JSON with a newline, never cached, errors as `{ ok: false, error }`. */

const COMMON: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

/** A JSON document. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return reply(status, JSON.stringify(body, null, 2) + "\n", "application/json; charset=utf-8", headers);
}

/** A refusal with one sentence for people. */
export function failure(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json(status, { ok: false, error }, headers);
}

const encoder = new TextEncoder();

/** Anything else. A text has a length, which says that it is sent whole; null: the answer to a HEAD. */
export function reply(
  status: number,
  body: string | ReadableStream<Uint8Array> | null,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const common = { ...COMMON, "content-type": contentType, ...headers };
  if (typeof body !== "string") return new Response(body, { status, headers: common });
  const bytes = encoder.encode(body);
  return new Response(bytes, { status, headers: { ...common, "content-length": `${bytes.length}` } });
}
