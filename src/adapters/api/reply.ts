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

/** Anything else. */
export function reply(
  status: number,
  body: string | ReadableStream<Uint8Array>,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, { status, headers: { ...COMMON, "content-type": contentType, ...headers } });
}
