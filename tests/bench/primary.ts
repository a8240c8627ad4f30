/**
 * The primary dies, or hangs: until a DNS answer is the backup's. What the schedule of the checks takes is in every figure;
 * `beyond the checks` is without it: from the moment when enough nodes had their bad result to the moved answer.
 */
import { askAddress } from "../../src/drill/ask.ts";
import { freePorts } from "../../src/drill/ports.ts";
import { pause } from "../support/cluster.ts";
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { GDNSD, type NameServerKind, PEER_NAME, POWERDNS, startNameServer } from "./peers/name_servers.ts";
import { ABFAIL, atMost, type Goal, type Row } from "./row.ts";
import { type BenchTarget, startTarget } from "./target.ts";

const NAME = "web.bench.test";
const EVERY_MS = 2;
const ANSWER_MS = 300;
const PATIENCE_MS = 20_000;
/** Any phase of the longest interval, ms. */
const PHASES_MS = 2000;

type Fault = "killed" | "hangs";

interface Check {
  readonly settings: string;
  /** Lines of `[services.check]`. */
  readonly lines: string;
  readonly goals: readonly Goal[];
}

const TIMES = `type = "http"\ninterval = "1s"\nrise = 1`;
const FALL_1: Check = {
  settings: "interval 1 s, fall 1, observers majority",
  lines: `${TIMES}\nfall = 1\ntimeout = "500ms"`,
  goals: [atMost("median", 540)],
};
const FALL_2: Check = {
  settings: "interval 1 s, fall 2, fast_interval 250 ms",
  lines: `${TIMES}\nfall = 2\nfast_interval = "250ms"\ntimeout = "500ms"`,
  goals: [atMost("median", 800)],
};
const HANGING: Check = {
  settings: "interval 1 s, timeout 500 ms, fall 2, fast_interval 250 ms",
  lines: FALL_2.lines,
  goals: [atMost("median", 1800)],
};

export async function benchPrimaryDown(ask: Ask): Promise<Row[]> {
  return [
    ...await alternate(ask, measuresOf("killed", FALL_1), [own(FALL_1, "killed"), ...peers("killed")]),
    ...await alternate(ask, measuresOf("killed", FALL_2), [own(FALL_2, "killed")]),
  ];
}

export async function benchPrimaryHangs(ask: Ask): Promise<Row[]> {
  return await alternate(ask, measuresOf("hangs", HANGING), [own(HANGING, "hangs"), ...peers("hangs")]);
}

function measuresOf(fault: Fault, { goals }: Check): Measure[] {
  return [
    { key: "ms", what: `primary ${fault} -> DNS answer moved`, unit: "ms", goals },
    {
      key: "beyondMs",
      what: `primary ${fault} -> DNS answer moved, beyond the checks`,
      unit: "ms",
      goals: [atMost("median", 10)],
    },
  ];
}

function peers(fault: Fault): Subject[] {
  return [GDNSD, POWERDNS].map((kind) => ({
    who: kind.who,
    settings: kind.settings,
    absent: kind.absent(),
    open: () => openPeer(kind, fault),
  }));
}

function own(check: Check, fault: Fault): Subject {
  return { who: ABFAIL, settings: check.settings, absent: null, open: () => openOwn(check, fault) };
}

/** Both copies of the service, and whom to ask where clients are sent. */
interface Bed extends AsyncDisposable {
  readonly primary: BenchTarget;
  readonly backup: BenchTarget;
  readonly server: { readonly host: string; readonly port: number };
  readonly name: string;
  /** When enough checks since then had found the primary bad; null where nobody says so. */
  readonly decidedAt: (since: number) => number | null;
}

class Failover implements Contestant {
  readonly #bed: Bed;
  readonly #fault: Fault;

  constructor(bed: Bed, fault: Fault) {
    this.#bed = bed;
    this.#fault = fault;
  }

  async round(): Promise<Round> {
    const { primary, backup, decidedAt } = this.#bed;
    await this.#answers(primary.address.host, 20);
    const phaseEnds = performance.now() + 1500 + Math.random() * PHASES_MS;
    while (performance.now() < phaseEnds) await this.#ask(); // PowerDNS checks what is asked for
    const since = performance.now();
    const killed = this.#fault === "killed" ? primary.kill() : Promise.resolve(primary.hang());
    await this.#answers(backup.address.host, EVERY_MS);
    const ms = performance.now() - since;
    await killed;
    await pause(50); // log lines that are on their way
    const decided = decidedAt(since);
    if (this.#fault === "killed") primary.start();
    else primary.resume();
    return decided === null ? { ms } : { ms, beyondMs: Math.max(0, since + ms - decided) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bed[Symbol.asyncDispose]();
  }

  async #answers(address: string, everyMs: number): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (await this.#ask() !== address) {
      if (performance.now() > end) throw new Error(`never answered ${address}`);
      await pause(everyMs);
    }
  }

  async #ask(): Promise<string | null> {
    const { server, name } = this.#bed;
    const answer = await askAddress(server, name, ANSWER_MS);
    if (answer === null) await pause(EVERY_MS);
    return answer;
  }
}

function startTargets(): {
  readonly primary: BenchTarget;
  readonly backup: BenchTarget;
  readonly port: number;
} {
  const hosts = ["127.0.1.1", "127.0.2.1"];
  const [port] = freePorts(1, hosts) as [number];
  const [primary, backup] = hosts.map((host) => startTarget({ host, port })) as [BenchTarget, BenchTarget];
  return { primary, backup, port };
}

async function openOwn(check: Check, fault: Fault): Promise<Contestant> {
  const { primary, backup, port } = startTargets();
  const cluster = await BenchCluster.start({
    election: `timing = "lan"`,
    rest: `[dns]
listen = "127.0.0.1:5300"
zone = "bench.test"
nameservers = ["ns1.bench.test"]
[[services]]
name = "web"
failback_delay = "100ms"
max_failback_delay = "100ms"
min_hold = "50ms"
[services.check]
${check.lines}
[[services.targets]]
name = "a"
address = "${primary.address.host}:${port}"
publish = "${primary.address.host}"
[[services.targets]]
name = "b"
address = "${backup.address.host}:${port}"
publish = "${backup.address.host}"
[[services.publish]]
type = "dns"
name = "${NAME}"
ttl = "1s"
`,
  });
  return new Failover({
    primary,
    backup,
    server: { host: "127.0.0.1", port: cluster.dnsPorts[0] as number },
    name: NAME,
    decidedAt: (since) => {
      const at = cluster.ids.flatMap((id) =>
        cluster.node(id).log.find((line) => {
          return line.at >= since && line.name === "opinion" && line.data.target === "a" &&
            line.data.to === "down";
        })?.at ?? []
      ).sort((a, b) => a - b);
      return at[1] ?? null; // two of three are a majority
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await cluster[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
      await backup[Symbol.asyncDispose]();
    },
  }, fault);
}

function openPeer(kind: NameServerKind, fault: Fault): Promise<Contestant> {
  const { primary, backup, port } = startTargets();
  const [listen] = freePorts(1) as [number];
  const server = { host: "127.0.0.1", port: listen };
  const place = {
    listen: server,
    primary: primary.address.host,
    backup: backup.address.host,
    checkPort: port,
  };
  const program = startNameServer(kind, place);
  return Promise.resolve(
    new Failover({
      primary,
      backup,
      server,
      name: PEER_NAME,
      decidedAt: () => null,
      async [Symbol.asyncDispose](): Promise<void> {
        await program[Symbol.asyncDispose]();
        await primary[Symbol.asyncDispose]();
        await backup[Symbol.asyncDispose]();
      },
    }, fault),
  );
}
