/** Requests and answers as `abfail probe` shows them. */

/** Headers of ours; what the config adds may be secret. */
const OWN = ["host", "user-agent", "accept", ":authority", "content-type", "te", "grpc-timeout"];
/** Headers of an answer that help to understand it. */
const TELLING = [
  "content-type",
  "content-length",
  "location",
  "server",
  "retry-after",
  "grpc-status",
  "grpc-message",
];

type Headers = Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** The request without what may be secret. */
export function requestWords(version: string, method: string, path: string, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) =>
    `${name}: ${OWN.includes(name.toLowerCase()) ? String(value) : "[not shown]"}`
  );
  return [`${method} ${path} ${version}`, ...lines, "", ""].join("\n");
}

/** Status line and the headers that matter. */
export function answerWords(version: string, status: number | string, headers: Headers): string {
  const lines = TELLING.filter((name) => headers[name] !== undefined).map((name) =>
    `${name}: ${String(headers[name])}`
  );
  return [`${version} ${status}`.trimEnd(), ...lines, "", ""].join("\n");
}
