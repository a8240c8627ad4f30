/** A real authoritative DNS server, Knot of Debian, as a process of its own with one zone. */
import assert from "node:assert/strict";

export interface DnsServerProcess extends AsyncDisposable {
  readonly port: number;
}

export const knotd = {
  /** True where the program is there. */
  isInstalled: async (): Promise<boolean> => {
    try {
      return (await new Deno.Command("knotd", { args: ["--version"], stdout: "null", stderr: "null" })
        .output())
        .success;
    } catch {
      return false;
    }
  },
  start: startKnotd,
} as const;

/** Starts it on loopback and waits until it serves. */
async function startKnotd(zone: string, text: string): Promise<DnsServerProcess> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-knotd-" });
  const port = freePort();
  await Deno.writeTextFile(`${folder}/zone`, text);
  await Deno.writeTextFile(
    `${folder}/knot.conf`,
    `server:
  rundir: "${folder}"
  user: ${Deno.uid() === 0 ? "root" : ""}
  listen: [ "127.0.0.1@${port}" ]
control:
  listen: "${folder}/knot.sock"
database:
  storage: "${folder}"
log:
  - target: stderr
    any: info
zone:
  - domain: "${zone}"
    file: "${folder}/zone"
`.replace(/^ {2}user: \n/m, ""),
  );
  const child = new Deno.Command("knotd", {
    args: ["-c", `${folder}/knot.conf`],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("server started")) {
    const { value, done } = await log.read();
    assert(!done, `knotd did not start:\n${seen}`);
    seen += value;
  }
  const drained = (async (): Promise<void> => {
    while (!(await log.read()).done);
  })();
  return {
    port,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      child.kill("SIGTERM");
      await child.status;
      await drained;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
