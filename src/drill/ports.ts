/**
 * Ports of this machine that nobody uses. A cluster's config has to name its ports before any node binds one,
 * so "port 0" cannot help. They are drawn below the range from which the system takes ports for outgoing
 * connections (32768 and up on Linux, 49152 on macOS): else a client could sit on a node's port while that
 * node is away for a moment.
 */
const FIRST = 20_000;
const COUNT = 12_000;
/** Draws before giving up. */
const TRIES = 2000;

/** Draws `count` different ports that are free for TCP and UDP on each of these hosts. */
export function freePorts(count: number, hosts: readonly string[] = ["127.0.0.1"]): number[] {
  const ports = new Set<number>();
  for (let i = 0; i < TRIES && ports.size < count; i++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (hosts.every((hostname) => isFree(hostname, port))) ports.add(port);
  }
  if (ports.size < count) throw new Error(`no ${count} free ports on ${hosts.join(", ")}`);
  return [...ports];
}

/** True when this machine lets us bind that address: macOS has 127.0.0.1 alone, Linux all of 127.0.0.0/8. */
export function canBind(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    Deno.listenDatagram({ transport: "udp", hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}
