/**
 * A question by UDP. What is sent is sent again after a third and two thirds of the time: one datagram that was lost
 * says nothing about a target. Only what comes from the very address that was asked counts.
 *
 * That a port is closed cannot be seen: the system tells (ICMP), Deno does not hand it on. So silence it is.
 */
import { isIP } from "node:net";
import { formatIpv6, parseIpv6 } from "../../dns/address.ts";
import type { Attempt } from "./finding.ts";
import { resolveHost } from "./resolve_host.ts";

/** The largest datagram there is. */
const MAX_DATAGRAM = 65_535;

/** A question by UDP. */
export interface Asked<T> {
  readonly bytes: Uint8Array;
  /** Makes something of an answer; null = it does not count. May leave a remark in the attempt on why. */
  take(answer: Uint8Array): T | null;
  /** The question and an answer as people read them; the bytes where they are absent. */
  readonly words?: { readonly sent: string; received(answer: Uint8Array): string };
}

/**
 * Asks until `take` makes something of an answer. Rejects when the attempt ends, or when nothing can be sent.
 */
export async function askByDatagram<T>(
  host: string,
  port: number,
  asked: Asked<T>,
  attempt: Attempt,
): Promise<T> {
  const { bytes, words } = asked;
  const { trace } = attempt;
  const [address] = await resolveHost(host, attempt);
  if (address === undefined) throw new Error("there is no address");
  const hostname = isIP(address) === 6 ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  let isOpen = true;
  const close = (): void => {
    if (isOpen) socket.close();
    isOpen = false;
  };
  attempt.signal.addEventListener("abort", close);
  try {
    const to = { transport: "udp", hostname: address, port } as const;
    attempt.stage = "answer";
    await socket.send(bytes, to);
    trace?.sent(words?.sent ?? bytes);
    for (const part of [1 / 3, 2 / 3]) {
      attempt.later(() => {
        if (isOpen) socket.send(bytes, to).catch(() => {}); // the first one could be sent: silence will tell
      }, attempt.timeoutMs * part);
    }
    const buffer = new Uint8Array(MAX_DATAGRAM);
    for (;;) {
      const [answer, from] = await socket.receive(buffer);
      if (!isSame(from, address, port)) {
        attempt.remark = "an answer from another address was ignored";
        continue;
      }
      trace?.mark("answered");
      trace?.received(words?.received(answer) ?? answer.slice());
      const taken = asked.take(answer);
      if (taken !== null) return taken;
    }
  } finally {
    attempt.signal.removeEventListener("abort", close);
    close();
  }
}

function isSame(from: Deno.Addr, address: string, port: number): boolean {
  return from.transport === "udp" && from.port === port && canonical(from.hostname) === canonical(address);
}

function canonical(address: string): string {
  const six = parseIpv6(address);
  return six === null ? address : formatIpv6(six);
}
