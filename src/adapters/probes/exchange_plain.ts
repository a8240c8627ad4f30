/**
 * The same exchange as `exchange.ts` for the plainest and by far the most frequent case: GET or HEAD over plain HTTP/1.1
 * to an IP address, where nobody wants the body. It takes a third of the time and of the memory: thousands of targets a
 * second are tried this way.
 */
import { isIP } from "node:net";
import { describeError } from "./describe_error.ts";
import { dial, sendAll } from "./dial.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { Attempt } from "./finding.ts";

/** Bytes of a head at most, as everywhere. */
const MAX_HEAD = 16 * 1024;
/** Most heads fit. */
const FIRST_BYTES = 1024;
const PRINTABLE = /^[\t\x20-\x7e]*$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?$/;

/** True where `exchangePlain` does all that is asked for. */
export function isPlain({ hop, wantsBody }: Exchange, attempt: Attempt): boolean {
  return !hop.secure && !wantsBody && attempt.trace === null && isIP(hop.host) !== 0 &&
    (hop.method === "GET" || hop.method === "HEAD") && PRINTABLE.test(hop.path) && !hop.path.includes(" ") &&
    Object.entries(hop.headers).every(([name, value]) => {
      return TOKEN.test(name) && PRINTABLE.test(value) && !FRAMING.includes(name.toLowerCase());
    });
}

/** What the longer way has to see to. */
const FRAMING: readonly string[] = ["connection", "content-length", "transfer-encoding", "expect", "upgrade"];

/** Asks, and resolves once the connection is closed again. Never rejects. */
export async function exchangePlain({ hop }: Exchange, attempt: Attempt): Promise<Reply> {
  try {
    using dialled = await dial(hop.host, hop.port, attempt);
    const { conn } = dialled;
    attempt.stage = "answer";
    const headers = Object.entries(hop.headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const head = `${hop.method} ${hop.path} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`;
    await sendAll(conn, new TextEncoder().encode(head));
    return await readAnswer(conn, attempt);
  } catch (problem) {
    return { kind: "failed", detail: describeError(problem, hop.host), rule: attempt.ruleOfStage };
  }
}

async function readAnswer(conn: Deno.TcpConn, attempt: Attempt): Promise<Reply> {
  const failed = (detail: string): Reply => ({ kind: "failed", detail, rule: attempt.ruleOfStage });
  let bytes = new Uint8Array(FIRST_BYTES);
  let text = "";
  for (let length = 0;;) {
    const count = await conn.read(bytes.subarray(length));
    if (count === null) return failed("connection closed without an answer");
    length += count;
    text = new TextDecoder("latin1").decode(bytes.subarray(0, length));
    const answer = parseHead(text);
    if (answer === "broken") return failed("the answer is not HTTP");
    if (answer !== "more") return answer;
    if (length === MAX_HEAD) return failed("the answer is not HTTP");
    if (length < bytes.length) continue;
    const larger = new Uint8Array(MAX_HEAD);
    larger.set(bytes);
    bytes = larger;
  }
}

/** The head of the answer, informational ones passed over. */
function parseHead(text: string): Reply | "more" | "broken" {
  const lineEnd = text.indexOf("\n");
  if (!"HTTP/1.".startsWith(text.slice(0, 7))) return "broken";
  if (lineEnd === -1) return "more";
  const status = Number(STATUS_LINE.exec(text.slice(0, lineEnd))?.[1] ?? NaN);
  if (Number.isNaN(status)) return "broken";
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return "more";
  if (status < 200 && status !== 101) return parseHead(text.slice(end.index + end[0].length));
  const fields = text.slice(lineEnd + 1, end.index);
  // the whole line, then trimmed: a pattern that leaves the blanks out tries each of them, 16 KiB a second
  const location = /^location:(.*)$/im.exec(fields)?.[1]?.trim() ?? null;
  return { kind: "answer", status, location, body: null, warning: null };
}
