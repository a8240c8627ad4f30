/** A TCP connection of Deno's kind. */
import { connectTcp } from "../connect.ts";
import type { Attempt } from "./finding.ts";
import { resolveHost } from "./resolve_host.ts";

/** A connection that closes itself when the attempt ends, and at the end of its block. */
export interface Dialled extends Disposable {
  readonly conn: Deno.TcpConn;
}

/** Connects to the first of the host's addresses that takes it. Rejects as `Deno.connect` does. */
export async function dial(host: string, port: number, attempt: Attempt): Promise<Dialled> {
  const { signal } = attempt;
  const conn = await connectToAny(await resolveHost(host, attempt), port, signal);
  const close = (): void => {
    signal.removeEventListener("abort", close);
    try {
      conn.close();
    } catch {
      // Closed already.
    }
  };
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  attempt.trace?.mark("connected");
  return { conn, [Symbol.dispose]: close };
}

async function connectToAny(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  let problem: unknown = new Error("there is no address");
  for (const hostname of addresses) {
    try {
      return await connectTcp(hostname, port, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      problem = error;
    }
  }
  throw problem;
}

/** Writes all of it. */
export async function sendAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
