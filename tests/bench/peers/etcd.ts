/** etcd: three members, their raft leadership as each one's own log tells it. Default settings. */
import type { Subject } from "../alternate.ts";
import { keepFolder } from "../keep.ts";
import { PeerProgram, poll } from "./program.ts";
import { type Fault, HOSTS, intervalsOf, threeHosts, type Trio, type TrioKind, trioSubject } from "./trio.ts";

const STATE = /became (leader|follower|candidate|pre-candidate) at term (\d+)/;
const READY_MS = 30_000;
const SETTLE_MS = 2000;

export const ETCD: TrioKind = {
  who: "etcd",
  settings: "default (heartbeat 100, election 1000), 3 members",
  needs: [["etcd", "--version"]],
  open: openEtcd,
};

export function etcd(fault: Fault): Subject {
  return trioSubject(ETCD, fault);
}

async function openEtcd(): Promise<Trio> {
  const net = await threeHosts();
  const folder = keepFolder();
  const address = (i: number): string => net.host(HOSTS[i] as string).address;
  const members = HOSTS.map((_, i) => `n${i + 1}=http://${address(i)}:2380`).join(",");
  const programs = HOSTS.map((host, i) => {
    const { program, args } = net.launcher(host, { program: "etcd", args: [] });
    const peer = `http://${address(i)}:2380`;
    const client = `http://${address(i)}:2379`;
    return new PeerProgram([
      program,
      ...args,
      ...["--name", `n${i + 1}`, "--data-dir", `${folder.path}/${i}`],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--listen-client-urls", client, "--advertise-client-urls", client],
      ...["--initial-cluster", members, "--heartbeat-interval", "100", "--election-timeout", "1000"],
    ]);
  });
  const dispose = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.stop()));
    await net[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  const leader = await poll(READY_MS, 20, () => leaderOf(programs));
  if (leader === null) {
    await dispose();
    throw new Error("etcd elected no leader");
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    net,
    programs,
    get leader() {
      return leader;
    },
    intervals: (until) =>
      programs.map((program) => {
        const states = program.all(STATE).map(({ at, match }) => ({ at, leads: match[1] === "leader" }));
        return intervalsOf(states, program.running ? until : program.lines.at(-1)?.at ?? until);
      }),
    [Symbol.asyncDispose]: dispose,
  };
}

/** The member that leads in the highest term; null until all serve clients. */
function leaderOf(programs: readonly PeerProgram[]): number | null {
  if (!programs.every((program) => program.find(/ready to serve client requests/) !== null)) return null;
  const last = programs.map((program) => program.all(STATE).at(-1)?.match);
  const leading = last.map((match, i) => ({ i, term: match?.[1] === "leader" ? Number(match[2]) : -1 }))
    .filter(({ term }) => term >= 0).sort((a, b) => b.term - a.term);
  return leading[0]?.i ?? null;
}
