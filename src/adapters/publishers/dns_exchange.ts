/** Questions to one DNS server and its answers, by id: over one TCP connection, or by datagrams. */
import { lookup } from "node:dns/promises";
import { err, ok, type Result } from "../../base/result.ts";
import type { HostPort } from "../../config/config.ts";
import { connectTcp } from "../connect.ts";
import { describeError } from "../probes/describe_error.ts";
import type { Deadline } from "./deadline.ts";

/** Why no answer came. */
export interface NoAnswer {
  readonly detail: string;
  /** False when the server was never reached: nothing can have been done there. */
  readonly sent: boolean;
}

/** Datagrams are sent again after so long without an answer, ms. */
const AGAIN_MS = 700;

/** Sends all messages at once and waits for all answers, in the order of the messages; ids must differ. */
export async function exchange(
  server: HostPort,
  transport: "tcp" | "udp",
  messages: readonly Uint8Array[],
  deadline: Deadline,
): Promise<Result<readonly Uint8Array[], NoAnswer>> {
  return transport === "udp"
    ? await overUdp(server, messages, deadline)
    : await overTcp(server, messages, deadline);
}

async function overTcp(
  server: HostPort,
  messages: readonly Uint8Array[],
  deadline: Deadline,
): Promise<Result<readonly Uint8Array[], NoAnswer>> {
  let connection: Deno.Conn;
  try {
    connection = await connectTcp(server.host, server.port, deadline.signal);
  } catch (problem) {
    return err({ detail: deadline.why ?? describeError(problem, server.host), sent: false });
  }
  const close = (): void => {
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  };
  deadline.signal.addEventListener("abort", close);
  try {
    await writeAll(connection, framed(messages));
    const waiting = new Map(messages.map((message, i) => [idOf(message), i]));
    const answers: Uint8Array[] = new Array(messages.length);
    const buffer = new Incoming(connection);
    while (waiting.size > 0) {
      const answer = await buffer.next();
      if (answer === null) return err({ detail: "connection closed without an answer", sent: true });
      const place = waiting.get(idOf(answer));
      if (place === undefined) continue;
      waiting.delete(idOf(answer));
      answers[place] = answer;
    }
    return ok(answers);
  } catch (problem) {
    return err({ detail: deadline.why ?? describeError(problem, server.host), sent: true });
  } finally {
    deadline.signal.removeEventListener("abort", close);
    close();
  }
}

async function overUdp(
  server: HostPort,
  messages: readonly Uint8Array[],
  deadline: Deadline,
): Promise<Result<readonly Uint8Array[], NoAnswer>> {
  const found = await lookup(server.host).then(({ address }) => address, () => null);
  if (found === null) return err({ detail: `host name ${server.host} not found`, sent: false });
  const address: Deno.NetAddr = { transport: "udp", hostname: found, port: server.port };
  const any = found.includes(":") ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport: "udp", hostname: any, port: 0 });
  const waiting = new Map(messages.map((message, i) => [idOf(message), i]));
  const send = (): void => {
    // Sent again as it was: the prerequisites refuse what was done already.
    for (const i of waiting.values()) void socket.send(messages[i] as Uint8Array, address).catch(() => {});
  };
  const close = (): void => {
    try {
      socket.close();
    } catch {
      // It is closed already.
    }
  };
  const again = setInterval(send, AGAIN_MS);
  deadline.signal.addEventListener("abort", close);
  if (deadline.signal.aborted) close();
  const answers: Uint8Array[] = new Array(messages.length);
  try {
    send();
    while (waiting.size > 0) {
      const [answer, from] = await socket.receive(new Uint8Array(4096));
      const known = from.transport === "udp" && from.port === server.port && from.hostname === found;
      const place = known ? waiting.get(idOf(answer)) : undefined;
      if (place === undefined) continue;
      if (((answer[2] ?? 0) & 0x02) !== 0) return await overTcp(server, messages, deadline); // truncated
      waiting.delete(idOf(answer));
      answers[place] = answer.slice();
    }
    return ok(answers);
  } catch (problem) {
    return err({ detail: deadline.why ?? describeError(problem, server.host), sent: true });
  } finally {
    clearInterval(again);
    deadline.signal.removeEventListener("abort", close);
    close();
  }
}

function idOf(message: Uint8Array): number {
  return (message[0] ?? 0) * 256 + (message[1] ?? 0);
}

/** Messages with their lengths before them (RFC 1035 section 4.2.2). */
function framed(messages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((all, { length }) => all + 2 + length, 0));
  let at = 0;
  for (const message of messages) {
    bytes[at] = message.length >>> 8;
    bytes[at + 1] = message.length & 0xff;
    bytes.set(message, at + 2);
    at += 2 + message.length;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Cuts what comes in into messages. */
class Incoming {
  readonly #connection: Deno.Conn;
  #bytes = new Uint8Array(0);

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Null when the other side closed. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const length = this.#bytes.length < 2 ? null : idOf(this.#bytes);
      if (length !== null && this.#bytes.length >= 2 + length) {
        const message = this.#bytes.slice(2, 2 + length);
        this.#bytes = this.#bytes.slice(2 + length);
        return message;
      }
      const chunk = new Uint8Array(4096);
      const read = await this.#connection.read(chunk);
      if (read === null) return null;
      const joined = new Uint8Array(this.#bytes.length + read);
      joined.set(this.#bytes);
      joined.set(chunk.subarray(0, read), this.#bytes.length);
      this.#bytes = joined;
    }
  }
}
