/** keepalived: VRRP on three hosts, belief as the log tells it. Defaults: VRRPv2, one advert a second. */
import type { Subject } from "../alternate.ts";
import { keepFolder } from "../keep.ts";
import { PeerProgram, poll } from "./program.ts";
import { type Fault, HOSTS, intervalsOf, threeHosts, type Trio, type TrioKind, trioSubject } from "./trio.ts";

const STATE = /Entering (\w+) STATE/;
const READY_MS = 15_000;
const SETTLE_MS = 1500;

export const KEEPALIVED: TrioKind = {
  who: "keepalived",
  settings: "default (VRRPv2, advert_int 1), 3 hosts",
  needs: [["keepalived", "--version"]],
  open: openKeepalived,
};

export function keepalived(fault: Fault): Subject {
  return trioSubject(KEEPALIVED, fault);
}

async function openKeepalived(): Promise<Trio> {
  const net = await threeHosts();
  const folder = keepFolder();
  const programs = HOSTS.map((host, i) => {
    const config = `${folder.path}/${i}.conf`;
    Deno.writeTextFileSync(config, configOf(i), { mode: 0o644 });
    const { program, args } = net.launcher(host, { program: "keepalived", args: [] });
    const files = ["-p", `${folder.path}/${i}.pid`, "-r", `${folder.path}/${i}.vrrp`];
    return new PeerProgram([program, ...args, "-f", config, "-n", "-l", "-D", "-P", "-G", ...files]);
  });
  const dispose = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.stop()));
    await net[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  const ready = await poll(READY_MS, 50, () => {
    const masters = programs.map((program) => program.all(STATE).at(-1)?.match[1] === "MASTER");
    return masters[0] && !masters[1] && !masters[2] ? true : null;
  });
  if (ready === null) {
    await dispose();
    throw new Error(`keepalived: no master: ${programs[0]?.lines.at(-1)?.text}`);
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return {
    net,
    programs,
    leader: 0,
    intervals: (until) =>
      programs.map((program) => {
        const states = program.all(STATE).map(({ at, match }) => ({ at, leads: match[1] === "MASTER" }));
        return intervalsOf(states, program.running ? until : program.lines.at(-1)?.at ?? until);
      }),
    [Symbol.asyncDispose]: dispose,
  };
}

function configOf(i: number): string {
  return `global_defs {
  router_id n${i + 1}
  vrrp_version 2
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${100 - i}
  advert_int 1
  virtual_ipaddress {
    10.77.0.100/24
  }
}
`;
}
