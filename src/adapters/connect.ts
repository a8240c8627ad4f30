/**
 * A TCP connection that can be given up. Why not `Deno.connect` with the signal itself: where the connection stands and
 * the signal fires before the caller has been given it, as after a pause of the process, Deno 2.9.6 throws and keeps
 * the socket open for ever (its last step is `signal.throwIfAborted()`, on a connection that nobody has yet).
 */

/** Rejects as `Deno.connect` does, and with the signal's reason once that has fired; then nothing stays open. */
export async function connectTcp(hostname: string, port: number, signal: AbortSignal): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const stop = new AbortController();
  Object.defineProperty(stop.signal, "throwIfAborted", { value: (): void => {} });
  const giveUp = (): void => stop.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    const conn = await Deno.connect({ hostname, port, signal: stop.signal });
    if (!signal.aborted) return conn;
    conn.close();
    throw signal.reason;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
