/**
 * A host of a `Netns` with files of its own, as a rented machine has: a private /etc, /run and name server's folders (in
 * a mount namespace), an SSH server that lets the others in, `abfail` on the path, a shell that stays open. Needs root.
 *
 * What is shared with the real machine: programs, /root, /tmp, and the process table.
 */
import assert from "node:assert/strict";
import { testLauncher } from "./abfail.ts";
import type { Netns } from "./netns.ts";

/** Folders that each machine has for itself, and whom they belong to. */
const OWN: readonly (readonly [string, string])[] = [
  ["/run", "root:root"],
  ["/var/log", "root:root"],
  ["/var/lib/bind", "root:bind"],
  ["/var/cache/bind", "root:bind"],
];

/** Longest that one block may take, ms. */
const BLOCK_MS = 60_000;

/** Programs that it takes, beside those of `Netns`. */
const NEEDED = ["unshare", "nsenter", "sshd", "ssh", "scp", "named", "rndc", "tsig-keygen", "python3", "dig"];

/** What is missing for machines; null when they can be had. */
export function machineProblem(): string | null {
  const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const missing = NEEDED.filter((program) => !folders.some((folder) => exists(`${folder}/${program}`)));
  return missing.length === 0 ? null : `missing: ${missing.join(", ")}`;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What a block printed, standard error included. */
export interface Printed {
  readonly code: number;
  readonly text: string;
}

/** One shell on a machine; lines go in, what they print comes out. */
class Shell {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #drained: Promise<void>;
  #text = "";
  #wake: () => void = () => {};

  constructor(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    this.#child = new Deno.Command(program, {
      ...{ args: [...args], cwd, env, stdin: "piped", stdout: "piped", stderr: "inherit" },
    }).spawn();
    this.pid = this.#child.pid;
    this.#writer = this.#child.stdin.getWriter();
    this.#drained = this.#follow();
  }

  /** All that came out so far. */
  get text(): string {
    return this.#text;
  }

  async type(lines: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(lines));
  }

  /** Types the lines and waits until they have run. */
  async run(lines: string): Promise<Printed> {
    const mark = `--done-${crypto.randomUUID()}--`;
    const from = this.#text.length;
    const file = await Deno.makeTempFile({ prefix: "abfail-block-" });
    await Deno.writeTextFile(file, `${lines}\n`);
    // From a file: ssh and others would read the lines that are to come from standard input.
    await this.type(`. ${file} </dev/null\necho "${mark.slice(0, 8)}${mark.slice(8)} $?"\n`);
    const end = performance.now() + BLOCK_MS;
    for (;;) {
      const at = this.#text.indexOf(mark, from);
      const line = at < 0 ? null : /^\S+ (\d+)\n/.exec(this.#text.slice(at));
      if (line !== null) {
        await Deno.remove(file);
        return { code: Number(line[1]), text: this.#text.slice(from, at) };
      }
      assert(performance.now() < end, `it did not end:\n${lines}\n${this.#text.slice(from)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends it and what it started: each shell is a session of its own. */
  async end(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      try {
        Deno.kill(-this.pid, signal);
      } catch {
        // It has ended.
      }
      if (signal === "SIGTERM") await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.#child.status;
    await this.#drained;
    await this.#writer.close().catch(() => {});
  }

  async #follow(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      this.#wake();
    }
  }
}

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly #net: Netns;
  readonly #folder: string;
  readonly #shell: Shell;
  readonly #others: Shell[] = [];

  private constructor(net: Netns, name: string, folder: string) {
    this.name = name;
    this.#net = net;
    this.#folder = folder;
    const { program, args } = net.launcher(name, { program: "setsid", args: ["unshare", "-m", "bash"] });
    this.#shell = new Shell(program, [...args, "--noprofile", "--norc"], `${folder}/home`, this.#env());
  }

  /** Starts it. `folder`: an empty one of its own; `key`: a private SSH key that opens every machine. */
  static async start(net: Netns, name: string, folder: string, key: string): Promise<Machine> {
    await Deno.mkdir(`${folder}/home`, { recursive: true });
    await Deno.mkdir(`${folder}/bin`);
    const { program, args } = testLauncher();
    const call = [program, ...args].map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(`${folder}/bin/abfail`, `#!/bin/sh\nexec ${call} "$@"\n`, { mode: 0o755 });
    const machine = new Machine(net, name, folder);
    try {
      await machine.#prepare(key);
      return machine;
    } catch (problem) {
      await machine[Symbol.asyncDispose]();
      throw problem;
    }
  }

  /** Types lines into its shell and waits for them. */
  async run(lines: string): Promise<Printed> {
    return await this.#shell.run(lines);
  }

  /** Types lines into a terminal of their own, and does not wait. */
  async runAside(lines: string): Promise<void> {
    const args = ["nsenter", "-t", String(this.#shell.pid), "-m", "-n", "bash", "--noprofile", "--norc"];
    const shell = new Shell("setsid", args, `${this.#folder}/home`, this.#env());
    this.#others.push(shell);
    await shell.type(`exec 2>&1\n${lines}\n`);
  }

  /** What the other terminals show. */
  get aside(): string {
    return this.#others.map(({ text }) => text).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#others, this.#shell].map((shell) => shell.end()));
  }

  #env(): Record<string, string> {
    const path = [`${this.#folder}/bin`, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":");
    return { PATH: path, NO_COLOR: "1", ABFAIL_KEYS: "", ABFAIL_NODE_ID: "", ABFAIL_TOKEN: "", LC_ALL: "C" };
  }

  async #prepare(key: string): Promise<void> {
    const own = this.#folder;
    const mounts = OWN.map(([path, owner]) =>
      `mkdir -p '${own}${path}' && { [ ! -d ${path} ] || { chown ${owner} '${own}${path}' && chmod 775 '${own}${path}' && mount --bind '${own}${path}' ${path}; }; }`
    );
    const address = this.#net.host(this.name).address;
    const lines = [
      "exec 2>&1",
      "set -e",
      "mount --make-rprivate /",
      `cp -a /etc '${own}/etc'`,
      `mount --bind '${own}/etc' /etc`,
      ...mounts,
      "mkdir -p /run/sshd /run/named && chown bind:bind /run/named",
      `cp '${key}' '${own}/key' && chmod 600 '${own}/key'`,
      `ssh-keygen -q -y -f '${own}/key' > '${own}/authorized'`,
      `ssh-keygen -q -t ed25519 -N '' -f '${own}/host'`,
      `printf '%s\\n' 'HostKey ${own}/host' 'ListenAddress ${address}' 'AuthorizedKeysFile ${own}/authorized' 'StrictModes no' 'UsePAM no' 'PidFile none' 'PermitRootLogin prohibit-password' 'Subsystem sftp internal-sftp' > '${own}/sshd_config'`,
      `printf '%s\\n' 'IdentityFile ${own}/key' 'IdentitiesOnly yes' 'StrictHostKeyChecking accept-new' 'UserKnownHostsFile ${own}/known' 'LogLevel ERROR' 'BatchMode yes' > /etc/ssh/ssh_config`,
      `(/usr/sbin/sshd -D -f '${own}/sshd_config' </dev/null >'${own}/sshd.log' 2>&1 &)`, // no job of this shell,
      "set +e",
    ];
    const done = await this.run(lines.join("\n"));
    assert.equal(done.code, 0, `${this.name}: ${done.text}`);
  }
}
