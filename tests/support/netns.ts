/**
 * Hosts in network namespaces on one switch, for tests of faults that only a network has. Needs root and `ip`; losses and
 * one-way cuts need `nft`.
 *
 *     switch namespace with a bridge; one namespace a host, 10.77.0.N on `eth0` (or an address of 10.0.0.0/8 that the
 *     test chose), its own loopback
 */
import assert from "node:assert/strict";
import { ownLauncher } from "../../src/drill/launch.ts";
import type { Launcher } from "../../src/drill/launch.ts";
import { runProgram } from "./abfail.ts";

/** Why network namespaces cannot be used here; null when they can. */
export function netnsProblem(): string | null {
  if (Deno.build.os !== "linux") return "network namespaces are a thing of Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const name = `abf-try-${Deno.pid}`;
  if (!succeeds("ip", ["netns", "add", name])) return "`ip netns add` is not permitted here";
  const isNft = succeeds("ip", ["netns", "exec", name, "nft", "list", "ruleset"]);
  succeeds("ip", ["netns", "del", name]);
  return isNft ? null : "`nft` is missing or not permitted here";
}

function succeeds(program: string, args: readonly string[]): boolean {
  try {
    const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
    return command.outputSync().success;
  } catch {
    return false;
  }
}

/** Takes down networks whose process was killed before it could. */
export async function sweepNetns(): Promise<void> {
  if (Deno.build.os !== "linux" || !succeeds("ip", ["netns", "list"])) return;
  for (const line of (await must("ip", ["netns", "list"])).split("\n")) {
    const [, name, pid] = /^(abf(\d+)x\d+-\S+)/.exec(line) ?? [];
    if (name === undefined || succeeds("test", ["-d", `/proc/${pid}`])) continue;
    succeeds("ip", ["netns", "del", name]);
  }
}

/** One host of the network. */
export interface NetnsHost {
  readonly name: string;
  readonly address: string;
}

/** A network of hosts; everything is taken down when it is disposed. */
export class Netns implements AsyncDisposable {
  readonly hosts: readonly NetnsHost[];
  readonly #prefix: string;
  readonly #switch: string;

  static #count = 0;

  private constructor(names: readonly string[], addresses: readonly string[]) {
    this.#prefix = `abf${Deno.pid}x${++Netns.#count}`;
    this.#switch = `${this.#prefix}-sw`;
    this.hosts = names.map((name, i) => ({ name, address: addresses[i] ?? `10.77.0.${i + 1}` }));
  }

  /** Builds it; the n-th host has the n-th address, else 10.77.0.n. Names have up to 6 letters. */
  static async create(names: readonly string[], addresses: readonly string[] = []): Promise<Netns> {
    const net = new Netns(names, addresses);
    try {
      await net.#build();
    } catch (problem) {
      await net[Symbol.asyncDispose]();
      throw problem;
    }
    return net;
  }

  /** A host by its name. */
  host(name: string): NetnsHost {
    const host = this.hosts.find((one) => one.name === name);
    assert(host !== undefined, `there is no host ${name}`);
    return host;
  }

  /** How a program is started on a host. */
  launcher(name: string, inner: Launcher = ownLauncher()): Launcher {
    return { program: "ip", args: ["netns", "exec", this.#space(name), inner.program, ...inner.args] };
  }

  /** Runs a program on a host to its end. */
  async run(name: string, program: string, ...args: string[]): Promise<string> {
    return await must("ip", ["netns", "exec", this.#space(name), program, ...args]);
  }

  /** Cuts two hosts off from each other, both ways. */
  async cutPair(a: string, b: string): Promise<void> {
    const [one, other] = [this.host(a).address, this.host(b).address];
    await this.#rule(a, "output", `ip daddr ${other} drop`);
    await this.#rule(a, "input", `ip saddr ${other} drop`);
    await this.#rule(b, "output", `ip daddr ${one} drop`);
    await this.#rule(b, "input", `ip saddr ${one} drop`);
  }

  /** Cuts one direction: what `from` sends does not reach `to`. */
  async cutOneWay(from: string, to: string): Promise<void> {
    await this.#rule(to, "input", `ip saddr ${this.host(from).address} drop`);
  }

  /** Pulls a host's cable. */
  async unplug(name: string): Promise<void> {
    await must("ip", ["-n", this.#switch, "link", "set", this.#port(name), "down"]);
  }

  /** Plugs it in again. */
  async plugIn(name: string): Promise<void> {
    await must("ip", ["-n", this.#switch, "link", "set", this.#port(name), "up"]);
  }

  /** Loses a share (percent) of what arrives at a host. */
  async lose(name: string, percent: number): Promise<void> {
    await this.#rule(name, "input", `iifname "eth0" numgen random mod 100 < ${percent} drop`);
  }

  /** Ends all cuts and losses of a host that rules made. */
  async heal(name: string): Promise<void> {
    if ((await this.run(name, "nft", "list", "tables")).includes("cut")) {
      await this.run(name, "nft", "delete", "table", "inet", "cut");
    }
  }

  /** Drops at the switch what goes to and from a host: no carrier is lost, no send fails. */
  async isolate(name: string): Promise<void> {
    await this.#switchRule(`iifname "${this.#port(name)}" drop`);
    await this.#switchRule(`oifname "${this.#port(name)}" drop`);
  }

  /** Loses a share (percent) of everything at the switch. */
  async loseAll(percent: number): Promise<void> {
    await this.#switchRule(`numgen random mod 100 < ${percent} drop`);
  }

  /** Ends what `isolate` and `loseAll` began. */
  async rejoin(): Promise<void> {
    await must("ip", ["netns", "exec", this.#switch, "nft", "flush", "chain", "bridge", "cut", "c1"]);
  }

  /** Sets a table of rules on a host, beside others; `unrule` takes it away again. `lines` is what `nft` reads. */
  async rule(name: string, table: string, family: "inet" | "ip", lines: readonly string[]): Promise<void> {
    const all = [`add table ${family} ${table}`, ...lines.map((line) => line.replaceAll("TABLE", table))];
    await this.run(name, "nft", all.join("; "));
  }

  async unrule(name: string, table: string, family: "inet" | "ip"): Promise<void> {
    await this.run(name, "nft", `delete table ${family} ${table}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const space of [...this.hosts.map(({ name }) => this.#space(name)), this.#switch]) {
      await runProgram("ip", ["netns", "del", space]); // its interfaces go with it
    }
  }

  #space(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  #port(name: string): string {
    return `p-${name}`;
  }

  async #build(): Promise<void> {
    await must("ip", ["netns", "add", this.#switch]);
    await must("ip", ["-n", this.#switch, "link", "add", "br0", "type", "bridge"]);
    await must("ip", ["-n", this.#switch, "link", "set", "br0", "up"]);
    for (const { name, address } of this.hosts) {
      const space = this.#space(name);
      await must("ip", ["netns", "add", space]);
      const peer = ["peer", "name", "eth0", "netns", space];
      await must("ip", ["-n", this.#switch, "link", "add", this.#port(name), "type", "veth", ...peer]);
      await must("ip", ["-n", this.#switch, "link", "set", this.#port(name), "master", "br0", "up"]);
      await must("ip", ["-n", space, "addr", "add", `${address}/8`, "dev", "eth0"]);
      await must("ip", ["-n", space, "link", "set", "eth0", "up"]);
      await must("ip", ["-n", space, "link", "set", "lo", "up"]);
    }
  }

  async #switchRule(rule: string): Promise<void> {
    const chain = "add chain bridge cut c1 { type filter hook forward priority 0; }";
    for (const line of ["add table bridge cut", chain, `add rule bridge cut c1 ${rule}`]) {
      await must("ip", ["netns", "exec", this.#switch, "nft", line]);
    }
  }

  async #rule(name: string, hook: "input" | "output", rule: string): Promise<void> {
    const chain = `add chain inet cut c-${hook} { type filter hook ${hook} priority 0; }`;
    for (const line of ["add table inet cut", chain, `add rule inet cut c-${hook} ${rule}`]) {
      await this.run(name, "nft", line);
    }
  }
}

async function must(program: string, args: readonly string[]): Promise<string> {
  const ran = await runProgram(program, args);
  assert.equal(ran.code, 0, `${program} ${args.join(" ")}: ${ran.stderr}`);
  return ran.stdout;
}
