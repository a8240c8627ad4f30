/**
 * Redis Sentinel: a master and a replica with a Sentinel each, a third Sentinel; down-after-milliseconds 1000. The
 * replica leads from the moment when the first Sentinel names it, the master until its log says REPLICAOF.
 */
import type { Subject } from "../alternate.ts";
import { keepFolder } from "../keep.ts";
import { PeerProgram, poll } from "./program.ts";
import { type Fault, HOSTS, threeHosts, type Trio, type TrioKind, trioSubject } from "./trio.ts";

const READY_MS = 30_000;
const SETTLE_MS = 3000;
const CLI = ["redis-cli", "--raw"] as const;

export const SENTINEL: TrioKind = {
  who: "redis-sentinel",
  settings: "down-after 1000, failover-timeout 10000, 3 Sentinels",
  needs: [["redis-server", "--version"], ["redis-sentinel", "--version"], ["redis-cli", "--version"]],
  open: openSentinel,
};

export function sentinel(fault: Fault): Subject {
  return trioSubject(SENTINEL, fault);
}

async function openSentinel(): Promise<Trio> {
  const net = await threeHosts();
  const folder = keepFolder();
  const master = net.host(HOSTS[0]).address;
  const start = (i: number, command: string, config: string): PeerProgram => {
    const dir = `${folder.path}/${command}-${i}`;
    Deno.mkdirSync(dir);
    const file = `${dir}/conf`;
    Deno.writeTextFileSync(file, `bind 0.0.0.0\nprotected-mode no\ndaemonize no\ndir ${dir}\n${config}`);
    const { program, args } = net.launcher(HOSTS[i] as string, { program: command, args: [] });
    return new PeerProgram([program, ...args, file]);
  };
  const servers = [0, 1].map((i) => {
    const replica = i === 0 ? "" : `replicaof ${master} 6379\n`;
    return start(
      i,
      "redis-server",
      `port 6379\nsave ""\nappendonly no\nrepl-diskless-sync-delay 0\n${replica}`,
    );
  });
  const sentinels = HOSTS.map((_, i) =>
    start(
      i,
      "redis-sentinel",
      `port 26379\nsentinel monitor mymaster ${master} 6379 2
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 10000
sentinel parallel-syncs mymaster 1\n`,
    )
  );
  const programs = [...servers, ...sentinels];
  const dispose = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.stop()));
    await net[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  const ask = async (host: string, port: number, ...command: string[]): Promise<string> =>
    await net.run(host, ...CLI, "-p", String(port), ...command).catch(() => "");
  const ready = await poll(READY_MS, 200, async () => {
    const views = await Promise.all(HOSTS.map((host) => ask(host, 26379, "SENTINEL", "MASTER", "mymaster")));
    const complete = views.every((view) =>
      /^num-slaves\n1$/m.test(view) && /^num-other-sentinels\n2$/m.test(view)
    );
    const replica = await ask(HOSTS[1], 6379, "INFO", "replication");
    return complete && replica.includes("master_link_status:up") ? true : null;
  });
  if (ready === null) {
    await dispose();
    throw new Error("the Sentinels never knew each other");
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    net,
    programs,
    leader: 0,
    stepDown: async () => {
      await ask(HOSTS[2], 26379, "SENTINEL", "FAILOVER", "mymaster");
    },
    intervals: (until) => {
      const demoted = servers[0]?.find(/REPLICAOF .* enabled/)?.at;
      const old = demoted ?? (servers[0]?.running ? until : servers[0]?.lines.at(-1)?.at ?? until);
      const named = sentinels.flatMap((one) => one.find(/\+switch-master/)?.at ?? []);
      return [
        [{ from: 0, to: old }],
        named.length === 0 ? [] : [{ from: Math.min(...named), to: until }],
        [],
      ];
    },
    [Symbol.asyncDispose]: dispose,
  };
}
