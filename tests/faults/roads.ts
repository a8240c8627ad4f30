/** The network between the hosts, made worse and mended again. Each fault has rules of its own: several may overlap. */
import type { Netns } from "../support/netns.ts";
import type { Child } from "./child.ts";
import type { Lane } from "./relay_main.ts";
import { NODE_PORT } from "./toml.ts";
import type { Tools } from "./tools.ts";

/** Undoes what was done. */
export type Undo = () => Promise<void>;

/** How datagrams between nodes are treated. */
export interface Treatment {
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Percent sent twice. */
  readonly twice: number;
}

/** The longest that any treatment holds a datagram up, ms. */
export const LONGEST_DELAY_MS = 400;
const FIRST_PORT = 9000;

export class Roads {
  /** Where nftables is not enough. */
  relay: Child | null = null;
  readonly #net: Netns;
  readonly #tools: Tools;
  readonly #cut = new Map<string, number>();
  readonly #treated = new Map<string, Treatment>();
  #tables = 0;

  constructor(net: Netns, tools: Tools) {
    this.#net = net;
    this.#tools = tools;
  }

  /** Nothing goes between the two, either way. */
  async cut(a: string, b: string): Promise<Undo> {
    return all([await this.cutOneWay(a, b), await this.cutOneWay(b, a)]);
  }

  /** What `from` sends does not arrive at `to`; `from` does not notice. */
  async cutOneWay(from: string, to: string): Promise<Undo> {
    const source = this.#net.host(from).address;
    const undo = await this.#table(to, [
      "add chain inet TABLE c { type filter hook input priority 0; }",
      `add rule inet TABLE c ip saddr ${source} drop`,
    ]);
    const key = `${from} ${to}`;
    this.#cut.set(key, (this.#cut.get(key) ?? 0) + 1);
    await this.#tellRelay(from, to);
    return async () => {
      await undo();
      this.#cut.set(key, (this.#cut.get(key) ?? 1) - 1);
      await this.#tellRelay(from, to);
    };
  }

  /** TCP connections from one to the other come to be, but what is sent on them is lost, again and again, until undone. */
  async holdBack(from: string, to: string): Promise<Undo> {
    return await this.#table(to, [
      "add chain inet TABLE h { type filter hook input priority 0; }",
      `add rule inet TABLE h ip saddr ${this.#net.host(from).address} tcp flags & psh == psh drop`,
    ]);
  }

  /** These hosts hear one another and nobody else, and nobody else hears them. */
  async isolate(hosts: readonly string[]): Promise<Undo> {
    const own = hosts.map((name) => this.#net.host(name).address).join(", ");
    return all(
      await Promise.all(hosts.map((host) =>
        this.#table(host, [
          "add chain inet TABLE i { type filter hook input priority 0; }",
          "add chain inet TABLE o { type filter hook output priority 0; }",
          `add rule inet TABLE i iifname "eth0" ip saddr != { ${own} } drop`,
          `add rule inet TABLE o oifname "eth0" ip daddr != { ${own} } drop`,
        ])
      )),
    );
  }

  /** A share of what arrives at a host is lost. */
  async lose(host: string, percent: number): Promise<Undo> {
    return await this.#table(host, [
      "add chain inet TABLE l { type filter hook input priority 0; }",
      `add rule inet TABLE l iifname "eth0" numgen random mod 100 < ${Math.round(percent)} drop`,
    ]);
  }

  async unplug(host: string): Promise<Undo> {
    await this.#net.unplug(host);
    return () => this.#net.plugIn(host);
  }

  /** Holds up, shuffles or doubles what a node sends to these others. One treatment at a time for each direction. */
  async treat(from: string, others: readonly string[], treatment: Treatment): Promise<Undo> {
    if (this.#tools.netem) return await this.#netem(from, treatment);
    const lanes = others.filter((to) => !this.#treated.has(`${from} ${to}`));
    const relay = this.#net.host("relay").address;
    for (const to of lanes) {
      this.#treated.set(`${from} ${to}`, treatment);
      await this.#tellRelay(from, to);
    }
    const undo = await this.#table(from, [
      // After the cuts, which know the true addresses.
      "add chain ip TABLE r { type route hook output priority 50; }",
      ...lanes.map((to) =>
        `add rule ip TABLE r ip daddr ${this.#net.host(to).address} udp dport ${NODE_PORT} ` +
        `ip daddr set ${relay} udp dport set ${portOf(from, to)}`
      ),
    ], "ip");
    return async () => {
      await undo();
      for (const to of lanes) this.#treated.delete(`${from} ${to}`);
    };
  }

  async #netem(host: string, { delayMs, jitterMs, twice }: Treatment): Promise<Undo> {
    const times = ["delay", `${delayMs + jitterMs / 2}ms`, `${jitterMs / 2}ms`];
    await this.#net.run(
      host,
      "tc",
      "qdisc",
      "replace",
      "dev",
      "eth0",
      "root",
      "netem",
      ...times,
      "duplicate",
      `${twice}%`,
    );
    return async () => void await this.#net.run(host, "tc", "qdisc", "del", "dev", "eth0", "root");
  }

  async #tellRelay(from: string, to: string): Promise<void> {
    const treatment = this.#treated.get(`${from} ${to}`);
    if (treatment === undefined) return;
    const blocked = (this.#cut.get(`${from} ${to}`) ?? 0) > 0;
    const lane: Lane = {
      port: portOf(from, to),
      to: this.#net.host(to).address,
      toPort: NODE_PORT,
      blocked,
      ...treatment,
    };
    await this.relay?.tell(lane);
  }

  async #table(host: string, lines: readonly string[], family: "inet" | "ip" = "inet"): Promise<Undo> {
    const table = `f${++this.#tables}`;
    await this.#net.rule(host, table, family, lines);
    return () => this.#net.unrule(host, table, family);
  }
}

/** The relay's port for one direction; hosts of nodes are n1..n9. */
function portOf(from: string, to: string): number {
  return FIRST_PORT + Number(from.slice(1)) * 10 + Number(to.slice(1));
}

/** Undoes all, whatever fails. */
export function all(undos: readonly Undo[]): Undo {
  return async () => void await Promise.all(undos.map((undo) => undo()));
}
