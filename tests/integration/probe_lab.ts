/** What the tests of probes share: checks, targets, servers on loopback that leave nothing behind. */
import type { AddressInfo, Server } from "node:net";
import type { CheckConfig, CheckKind, TargetConfig, TlsOptions } from "../../src/config/config.ts";

export const TLS: TlsOptions = {
  verify: true,
  caFile: null,
  serverName: "web.example",
  clientCertFile: null,
  clientKeyFile: null,
  expireWarningMs: null,
};

/** A check with timing. */
export function checkOf(kind: CheckKind, timeoutMs = 2000): CheckConfig {
  return { intervalMs: 1000, fastIntervalMs: 250, timeoutMs, fall: 3, rise: 2, ...kind };
}

/** A target on loopback. */
export function at(port: number | null, address = "127.0.0.1"): TargetConfig {
  return { name: "nyc1", address, port, publish: "192.0.2.1" };
}

/** A server of Node's kind on loopback that is stopped, with all its connections, at the end of the block. */
export async function listen(
  server: Server,
): Promise<{ readonly port: number; readonly connections: ReadonlySet<unknown> } & AsyncDisposable> {
  const connections = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A raw TCP server: `talk` gets each connection; it is closed when that ends. */
export function raw(
  talk: (conn: Deno.TcpConn) => Promise<void>,
  port = 0,
): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const open = new Set<Deno.TcpConn>();
  const talks: Promise<void>[] = [];
  const serve = (async (): Promise<void> => {
    for await (const conn of listener) {
      open.add(conn);
      talks.push(
        talk(conn).catch(() => {}).finally(() => {
          open.delete(conn);
          close(conn);
        }),
      );
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      listener.close();
      for (const conn of open) close(conn);
      await serve;
      await Promise.all(talks);
    },
  };
}

/** A UDP server: each datagram goes to `talk`, what it gives back goes to the sender. */
export function datagrams(
  talk: (bytes: Uint8Array, from: Deno.Addr) => Uint8Array | null,
): { readonly port: number } & AsyncDisposable {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const serve = (async (): Promise<void> => {
    for await (const [bytes, from] of socket) {
      const answer = talk(bytes, from);
      if (answer !== null) await socket.send(answer, from).catch(() => {});
    }
  })();
  return {
    port: (socket.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      socket.close();
      await serve;
    },
  };
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // Closed already.
  }
}

/** Reads until the other side hangs up. */
export async function silence(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  while (await conn.read(buffer) !== null);
}

export function say(conn: Deno.TcpConn, text: string): Promise<number> {
  return conn.write(new TextEncoder().encode(text));
}

/** A port on which nobody listens. */
export function unusedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
