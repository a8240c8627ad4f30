/** Errors of sockets in words for people. */

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ECONNABORTED: "connection reset",
  EHOSTUNREACH: "host unreachable",
  EHOSTDOWN: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENETDOWN: "network down",
  ETIMEDOUT: "the network gave up connecting",
  EACCES: "not permitted on this node (firewall?)",
  EPERM: "not permitted on this node (firewall?)",
  EMFILE: "too many open files on this node",
  ENFILE: "too many open files on this node",
  EADDRNOTAVAIL: "no free local port on this node",
  ERR_SSL_WRONG_VERSION_NUMBER: "the answer is not TLS",
};

/** Codes that say something of this machine and nothing of the far side. */
const SHORTAGES = ["EMFILE", "ENFILE", "EADDRNOTAVAIL"];
const SHORT_WORDS: ReadonlySet<string> = new Set(SHORTAGES.map((code) => WORDS[code] ?? code));

/** True for the words of an error that is this node's own lack of something: such a probe says nothing of its target. */
export function isShortage(words: string): boolean {
  return SHORT_WORDS.has(words);
}

/** What an exception of a connection says; `host` is whom it was for. */
export function describeError(problem: unknown, host: string): string {
  const { code, name, message } = fields(problem);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || message.includes("failed to lookup address")) {
    return `host name ${host} not found`;
  }
  if (code.startsWith("HPE_")) return "the answer is not HTTP";
  if (message === "socket hang up") return "connection closed without an answer";
  const known = WORDS[code];
  if (known !== undefined) return known;
  if (name === "ConnectionRefused") return "connection refused";
  if (name === "ConnectionReset" || name === "BrokenPipe") return "connection reset";
  const line = message.split("\n")[0] ?? "";
  return line === "" ? "it failed without saying why" : line;
}

function fields(
  problem: unknown,
): { readonly code: string; readonly name: string; readonly message: string } {
  if (!(problem instanceof Error)) return { code: "", name: "", message: String(problem) };
  const code = "code" in problem && typeof problem.code === "string" ? problem.code : "";
  return { code, name: problem.name, message: problem.message };
}
