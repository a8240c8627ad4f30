/** Real DNS servers of the system's packages, each with the zone example.test and one TSIG key, on free loopback ports. */
import assert from "node:assert/strict";
import { runProgram } from "./abfail.ts";

export type ServerKind = "bind" | "knot" | "powerdns";

export const ZONE = "example.test";
export const KEY_NAME = "upd";
export const KEY = btoa("0123456789abcdef0123456789abcdef");
export const WRONG_KEY = btoa("another secret, of the same size");
export const API_KEY = "s3cret";

const PROGRAM: Readonly<Record<ServerKind, string>> = {
  bind: "named",
  knot: "knotd",
  powerdns: "pdns_server",
};

/** Line on stderr of a server that answers. */
const READY: Readonly<Record<ServerKind, string>> = {
  bind: "all zones loaded",
  knot: "server started",
  powerdns: "Done launching threads",
};

const SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";
const READY_MS = 20_000;

/** True where the server's package is installed. */
export function isInstalled(kind: ServerKind): boolean {
  return programOf(kind) !== null;
}

/** Where its program is: /usr/sbin is not on everyone's path. */
function programOf(kind: ServerKind): string | null {
  const paths = ["/usr/sbin", "/usr/bin"].map((folder) => `${folder}/${PROGRAM[kind]}`);
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

export class NameServer implements AsyncDisposable {
  readonly kind: ServerKind;
  readonly port = freePort();
  /** Of PowerDNS. */
  readonly apiPort = freePort();
  readonly #folder = Deno.makeTempDirSync({ prefix: "abfail-dns-" });
  #child: Deno.ChildProcess | null = null;
  #drained: Promise<void> = Promise.resolve();

  private constructor(kind: ServerKind) {
    this.kind = kind;
  }

  static async start(kind: ServerKind): Promise<NameServer> {
    const server = new NameServer(kind);
    await server.#prepare();
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    assert(this.#child === null, "it runs already");
    const child = new Deno.Command(programOf(this.kind) ?? PROGRAM[this.kind], {
      args: this.#args(),
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    let ready = (): void => {};
    const isReady = new Promise<void>((resolve) => ready = resolve);
    let text = "";
    this.#drained = (async (): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) {
        text += decoder.decode(chunk);
        if (text.includes(READY[this.kind])) ready();
      }
      ready();
    })();
    const timer = setTimeout(() => ready(), READY_MS);
    await isReady;
    clearTimeout(timer);
    assert(text.includes(READY[this.kind]), `${this.kind} did not start:\n${text}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    child.kill("SIGTERM");
    await child.status;
    await this.#drained;
  }

  /** Stands still, as a server under water does; the kernel goes on taking connections. */
  freeze(): void {
    const child = this.#child;
    if (child === null) return;
    child.kill("SIGSTOP");
    // On a busy machine a thread that runs goes on for a few milliseconds.
    const isStopped = (task: Deno.DirEntry): boolean => {
      const stat = Deno.readTextFileSync(`/proc/${child.pid}/task/${task.name}/stat`);
      return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
    };
    const until = performance.now() + 2000;
    while (![...Deno.readDirSync(`/proc/${child.pid}/task`)].every(isStopped) && performance.now() < until);
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** What `dig +short` says, sorted; "" for nothing. */
  async dig(name: string, type: string): Promise<string> {
    const args = ["@127.0.0.1", "-p", String(this.port), "+tcp", "+tries=1", "+time=3", "+short", "+norec"];
    const { stdout } = await runProgram("dig", [...args, name, type]);
    return stdout.trim().split("\n").sort().join(" ");
  }

  /** What nsupdate does with these lines, signed; the exit code is 0 where the server took them. */
  async nsupdate(...lines: string[]): Promise<number> {
    const script = [`server 127.0.0.1 ${this.port}`, `zone ${ZONE}`, ...lines, "send", ""].join("\n");
    const file = `${this.#folder}/update`;
    await Deno.writeTextFile(file, script);
    return (await runProgram("nsupdate", ["-v", "-y", `hmac-sha256:${KEY_NAME}:${KEY}`, file])).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #args(): string[] {
    const folder = this.#folder;
    if (this.kind === "bind") return ["-g", "-c", `${folder}/named.conf`];
    if (this.kind === "knot") return ["-c", `${folder}/knot.conf`];
    return [`--config-dir=${folder}`];
  }

  async #prepare(): Promise<void> {
    const folder = this.#folder;
    const zone =
      `$ORIGIN ${ZONE}.\n$TTL 60\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\n`;
    await Deno.writeTextFile(`${folder}/zone`, zone);
    await Deno.mkdir(`${folder}/db.d`); // Knot makes none itself
    if (this.kind === "bind") await Deno.writeTextFile(`${folder}/named.conf`, this.#namedConf());
    else if (this.kind === "knot") await Deno.writeTextFile(`${folder}/knot.conf`, this.#knotConf());
    else await this.#preparePowerdns();
  }

  #namedConf(): string {
    const folder = this.#folder;
    return `key "${KEY_NAME}" { algorithm hmac-sha256; secret "${KEY}"; };
options { directory "${folder}"; pid-file "${folder}/pid"; session-keyfile "${folder}/session";
  listen-on port ${this.port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; };
controls { };
zone "${ZONE}" { type primary; file "${folder}/zone"; allow-update { key "${KEY_NAME}"; }; };
`;
  }

  #knotConf(): string {
    const folder = this.#folder;
    return `server:
    rundir: "${folder}"
${Deno.uid() === 0 ? "    user: root\n" : ""}    listen: ["127.0.0.1@${this.port}"]
log:
  - target: stderr
    any: info
control:
    listen: "${folder}/knot.sock"
database:
    storage: "${folder}/db.d"
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${KEY}
acl:
  - id: upd
    key: ${KEY_NAME}
    action: [update, transfer]
zone:
  - domain: ${ZONE}
    file: "${folder}/zone"
    acl: upd
`;
  }

  async #preparePowerdns(): Promise<void> {
    const folder = this.#folder;
    const conf = [
      "launch=gsqlite3",
      `gsqlite3-database=${folder}/db`,
      "local-address=127.0.0.1",
      `local-port=${this.port}`,
      `socket-dir=${folder}`,
      ...["daemon=no", "guardian=no", "write-pid=no", "dnsupdate=yes", "allow-dnsupdate-from=127.0.0.0/8"],
      ...["api=yes", `api-key=${API_KEY}`, "webserver=yes", "webserver-address=127.0.0.1"],
      `webserver-port=${this.apiPort}`,
      ...["cache-ttl=0", "query-cache-ttl=0", "negquery-cache-ttl=0", "zone-cache-refresh-interval=0"],
      "security-poll-suffix=",
      "",
    ];
    await Deno.writeTextFile(`${folder}/pdns.conf`, conf.join("\n"));
    await run("sqlite3", [`${folder}/db`, `.read ${SCHEMA}`]);
    const util = (...args: string[]): Promise<void> => run("pdnsutil", [`--config-dir=${folder}`, ...args]);
    await util("load-zone", ZONE, `${folder}/zone`);
    await util("import-tsig-key", KEY_NAME, "hmac-sha256", KEY);
    await util("set-meta", ZONE, "TSIG-ALLOW-DNSUPDATE", KEY_NAME);
  }
}

async function run(program: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runProgram(program, args);
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${stdout}${stderr}`);
}

/** A port that was free for TCP a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
