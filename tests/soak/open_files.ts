/** What the open files of a process are: told when their number jumps, so that a leak has a name. Linux only. */

/** `st` of /proc/net/tcp (include/net/tcp_states.h of the kernel). */
const STATES: Readonly<Record<string, string>> = {
  "01": "established",
  "02": "connecting",
  "03": "being accepted",
  "04": "closing",
  "05": "closing",
  "06": "over",
  "07": "closed",
  "08": "left by the peer",
  "09": "closing",
  "0A": "listening",
  "0B": "closing",
};

/** Like "12 socket established to :8080, 3 anon_inode:[eventpoll]", the most first. */
export function describeFiles(pid: number): string {
  const tcp = sockets("/proc/net/tcp");
  const counts = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const what = kindOf(linkOf(`/proc/${pid}/fd/${name}`), tcp);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.map(([what, count]) => `${count} ${what}`).join(", ");
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "closed meanwhile";
  }
}

function kindOf(link: string, tcp: ReadonlyMap<string, string>): string {
  const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
  if (inode === undefined) return link.replace(/\d+/g, "N");
  return `socket ${tcp.get(inode) ?? "of another kind"}`;
}

/** The TCP sockets of this network namespace by inode: their state and the port of the other side, or their own. */
function sockets(path: string): ReadonlyMap<string, string> {
  const byInode = new Map<string, string>();
  for (const line of Deno.readTextFileSync(path).trim().split("\n").slice(1)) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const portOf = (address: string | undefined): number => parseInt(address?.split(":")[1] ?? "", 16);
    const ephemeral = portOf(local) >= 32768;
    const where = ephemeral ? `to :${portOf(remote)}` : `at :${portOf(local)}`;
    byInode.set(inode ?? "", `${STATES[state ?? ""] ?? state} ${where}`);
  }
  return byInode;
}
