/** gdnsd (simplefo, http_status) and PowerDNS (LUA ifurlup) with one checked service and its backup, on loopback. */
import type { HostPort } from "../../../src/config/config.ts";
import { keep, keepFolder } from "../keep.ts";
import { isInstalled } from "../processes.ts";
import { PeerProgram } from "./program.ts";

/** The name that each answers for. */
export const PEER_NAME = "s0.example.com";

export interface NameServerKind {
  readonly who: string;
  readonly settings: string;
  /** Why it cannot be measured here; null when it can. */
  readonly absent: () => string | null;
  /** Writes its config; the command that starts it in the foreground. */
  readonly configure: (folder: string, place: NameServerPlace) => string[];
}

export interface NameServerPlace {
  readonly listen: HostPort;
  /** Where both copies of the service are checked; their hosts are what is answered. */
  readonly primary: string;
  readonly backup: string;
  readonly checkPort: number;
}

/** At its fastest: interval 2 s is the least it takes, one bad check counts. */
export const GDNSD: NameServerKind = {
  who: "gdnsd",
  settings: "simplefo, http_status, interval 2, timeout 1, thresholds 1",
  absent: () => isInstalled("gdnsd", "version") ? null : "not installed",
  configure: (folder, { listen, primary, backup, checkPort }) => {
    for (const name of ["zones", "run", "state"]) Deno.mkdirSync(`${folder}/${name}`);
    Deno.writeTextFileSync(
      `${folder}/config`,
      `options => {
  listen => ${listen.host}:${listen.port}
  run_dir => ${folder}/run
  state_dir => ${folder}/state
  udp_threads => 1
  tcp_threads => 1
}
service_types => { web => { plugin => http_status, port => ${checkPort}, url_path => /,
  interval => 2, timeout => 1, up_thresh => 1, ok_thresh => 1, down_thresh => 1 } }
plugins => { simplefo => { service_types => web
  r0 => { primary => ${primary}, secondary => ${backup} } } }
`,
    );
    Deno.writeTextFileSync(`${folder}/zones/example.com`, `${ZONE_HEAD}s0 60 DYNA simplefo!r0\n`);
    return ["gdnsd", "-c", folder, "start"];
  },
};

/** At its fastest: checks each second; 4.7 has no other count than one bad check. */
export const POWERDNS: NameServerKind = {
  who: "pdns",
  settings: "LUA ifurlup, lua-health-checks-interval 1",
  absent: () => {
    if (!isInstalled("pdns_server", "--version")) return "not installed";
    return hasBindBackend() ? null : "its bind backend is not installed";
  },
  configure: (folder, { listen, primary, backup, checkPort }) => {
    Deno.writeTextFileSync(
      `${folder}/named.conf`,
      `zone "example.com" { type master; file "${folder}/zone"; };\n`,
    );
    const check = `ifurlup('http://svc.example.com:${checkPort}/', {{'${primary}'}, {'${backup}'}})`;
    Deno.writeTextFileSync(`${folder}/zone`, `$ORIGIN example.com.\n${ZONE_HEAD}s0 60 IN LUA A "${check}"\n`);
    Deno.writeTextFileSync(`${folder}/pdns.conf`, "");
    return [
      "pdns_server",
      `--config-dir=${folder}`,
      "--daemon=no",
      "--guardian=no",
      `--local-address=${listen.host}`,
      `--local-port=${listen.port}`,
      "--launch=bind",
      `--bind-config=${folder}/named.conf`,
      "--enable-lua-records=yes",
      `--socket-dir=${folder}`,
      "--disable-syslog=yes",
      "--receiver-threads=1",
      "--distributor-threads=1",
      "--loglevel=4",
      "--security-poll-suffix=",
      "--lua-health-checks-interval=1",
    ];
  },
};

const ZONE_HEAD = "@ 60 IN SOA ns1 hostmaster 1 7200 1800 259200 60\n@ 60 IN NS ns1\n" +
  "ns1 60 IN A 127.0.0.1\nplain 60 IN A 192.0.2.1\n";

/** Debian has it in a package of its own. */
function hasBindBackend(): boolean {
  for (const folder of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    try {
      Deno.statSync(`/usr/lib/${folder}/pdns/libbindbackend.so`);
      return true;
    } catch {
      // Not there.
    }
  }
  return false;
}

/** Starts it; ended, with its folder, when disposed. */
export function startNameServer(kind: NameServerKind, place: NameServerPlace): PeerProgram & AsyncDisposable {
  const folder = keepFolder();
  const program = new PeerProgram(kind.configure(folder.path, place));
  return keep(Object.assign(program, {
    async [Symbol.asyncDispose](): Promise<void> {
      await program.stop();
      await folder[Symbol.asyncDispose]();
    },
  }));
}
