/** Asking: a DNS server for an address, a node for its status. Every question has a limit in time. */
import type { HostPort } from "../config/config.ts";
import { formatIpv4 } from "../dns/address.ts";
import { decodeMessage } from "../dns/decode.ts";
import { encodeMessage } from "../dns/encode.ts";
import { queryFor, RCODE } from "../dns/message.ts";
import { parseName } from "../dns/name.ts";
import { TYPE } from "../dns/record.ts";
import type { Status } from "../view/status_type.ts";

/** The first IPv4 address that this server has for a name; null when it has none or says nothing in time. */
export async function askAddress(server: HostPort, name: string, limitMs: number): Promise<string | null> {
  const parsed = parseName(name);
  if (!parsed.ok) throw new Error(`not a name: ${name}`);
  const id = Math.floor(Math.random() * 0x10000);
  const query = encodeMessage(queryFor(id, parsed.value, TYPE.A)).bytes;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const close = (): void => {
    try {
      socket.close();
    } catch {
      // Closed before.
    }
  };
  const timer = setTimeout(close, limitMs);
  try {
    await socket.send(query, { transport: "udp", hostname: server.host, port: server.port });
    while (true) {
      const [bytes] = await socket.receive();
      const answer = decodeMessage(bytes);
      if (!answer.ok || !answer.value.response || answer.value.id !== id) continue;
      if (answer.value.rcode !== RCODE.NOERROR) return null;
      for (const { data } of answer.value.answers) if (data.kind === "A") return formatIpv4(data.address);
      return null;
    }
  } catch {
    return null; // the timer has closed it
  } finally {
    clearTimeout(timer);
    close();
  }
}

/** Fetches a text with a limit in time; null when it does not come. Whatever the status is, it is an answer. */
export async function fetchWithin(
  url: string,
  limitMs: number,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly text: string } | null> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  try {
    const answer = await fetch(url, { ...init, signal: stop.signal });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** What a node says of itself and the others; null when it does not answer in time. */
export async function askStatus(api: HostPort, limitMs: number): Promise<Status | null> {
  const answer = await fetchWithin(`http://${api.host}:${api.port}/v1/status`, limitMs);
  return answer === null || answer.status !== 200 ? null : JSON.parse(answer.text);
}
