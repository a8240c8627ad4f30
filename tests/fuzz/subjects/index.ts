/** All subjects by name. Opened one at a time: some start servers. */
import type { Subject } from "../subject.ts";

type Open = () => Promise<Subject>;

const SUBJECTS: ReadonlyMap<string, Open> = new Map<string, Open>([
  ["datagram", async () => (await import("./wire.ts")).datagram()],
  ["member", async () => (await import("./wire.ts")).member()],
  ["body", async () => (await import("./wire.ts")).body()],
  ["decision", async () => (await import("./state.ts")).decision()],
  ["state-file", async () => (await import("./state.ts")).stateFile()],
  ["recording", async () => (await import("./state.ts")).recording()],
  ["dns-query", async () => (await import("./dns.ts")).query()],
  ["dns-tcp", async () => await (await import("./dns.ts")).overTcp()],
  ["dns-message", async () => (await import("./dns.ts")).message()],
  ["dns-signed", async () => (await import("./dns.ts")).signed()],
  ["dns-target", async () => await (await import("./dns.ts")).target()],
  ["h2", async () => (await import("./probes.ts")).h2()],
  ["hpack", async () => (await import("./probes.ts")).hpack()],
  ["targets", async () => await (await import("./probes.ts")).targets()],
  ["clouds", async () => await (await import("./publishers.ts")).clouds()],
  ["webhooks", async () => await (await import("./publishers.ts")).webhooks()],
  ["api", async () => await (await import("./api.ts")).api()],
  ["config", async () => await (await import("./config.ts")).config()],
  ["scenario", async () => (await import("./config.ts")).scenario()],
  ["secret-files", async () => await (await import("./config.ts")).secretFiles()],
  ["dns-update", async () => await (await import("./dns_update.ts")).update()],
]);

/** Their names, in the order in which they are run. */
export const SUBJECT_NAMES: readonly string[] = [...SUBJECTS.keys()];

/** Opens one, or one of those with a planted bug. */
export async function openSubject(name: string): Promise<Subject> {
  const open = SUBJECTS.get(name);
  if (open !== undefined) return await open();
  return (await import("./planted.ts")).planted(name);
}
