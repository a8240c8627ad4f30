/** Deliberately broken builds: `abfail run` with one part of a node replaced. Only `mutant_main.ts` leads here. */
import { type Clock, createClock } from "../../src/adapters/clock.ts";
import { createPublishers } from "../../src/adapters/publishers/index.ts";
import { readSecret } from "../../src/adapters/secret_source.ts";
import type { Rfc2136Publisher } from "../../src/config/publisher.ts";
import { NODE_PROGRAM } from "../../src/node/program.ts";
import type { NodeParts } from "../../src/runtime/start.ts";
import { mutateNode, type Mutation, MUTATIONS } from "../../src/sim/mutations.ts";

/** Mutants of the simulator that make no sense here: a real process draws its own incarnation, and has no twin. */
const NOT_HERE: ReadonlySet<string> = new Set([
  "same-incarnation",
  "votes-beside-a-twin",
  "lease-over-a-pause",
]);

/** `no-fence`: BIND is written without a look at what stands there, by a program that outlives the node. */
export const MUTANTS: readonly string[] = [
  ...MUTATIONS.filter((name) => !NOT_HERE.has(name)),
  "lease-over-a-pause",
  "no-fence",
];

export function isMutant(name: string): boolean {
  return MUTANTS.includes(name);
}

/** The parts that are wrong in it. */
export function partsOf(mutant: string): Partial<NodeParts> {
  if (mutant === "lease-over-a-pause") return { clock: stoppingClock };
  if (mutant === "no-fence") return { publishers: unfenced };
  return { program: mutateNode(mutant as Mutation, NODE_PROGRAM) };
}

/** A gap so long between two looks at the clock is a pause, ms: a node looks at least once a heartbeat. */
const GAP_MS = 500;

/** A clock that stands still while its process does. */
function stoppingClock(): Clock {
  const clock = createClock();
  let last = clock.now();
  let stoodStill = 0;
  return {
    now: () => {
      const now = clock.now();
      if (now - last > GAP_MS) stoodStill += now - last;
      last = now;
      return now - stoodStill;
    },
    wallMs: () => clock.wallMs(),
    seesSuspend: clock.seesSuspend,
    suspendedMs: 0,
    close: () => clock.close(),
  };
}

const unfenced: NodeParts["publishers"] = (config, world) => {
  const right = createPublishers(config, world);
  return {
    ...right,
    perform: async (ref, action, timeoutMs, signal) => {
      const publisher = config.services.find(({ name }) => name === ref.service)?.publish[ref.index];
      if (publisher?.type !== "rfc2136" || action.kind === "read") {
        const result = await right.perform(ref, action, timeoutMs, signal);
        // It does not know of epochs either.
        return result.kind === "ok"
          ? { ...result, unclaimed: false }
          : result.kind === "fenced"
          ? { kind: "ok", shows: undefined }
          : result;
      }
      const { epoch, target, value } = action;
      return await nsupdate(publisher, `epoch=${epoch} write=1 target=${target}`, value);
    },
  };
};

/** As many a script does it. It waits for its server, and goes on when its node is gone. */
async function nsupdate(
  { servers, zone, name, key }: Rfc2136Publisher,
  mark: string,
  value: string | null,
): Promise<
  { readonly kind: "ok"; readonly shows: undefined } | {
    readonly kind: "failed";
    readonly detail: string;
    readonly retryAfterMs: null;
  }
> {
  const secret = key === null ? null : await readSecret(key.secret);
  if (secret?.ok === false) return { kind: "failed", detail: secret.error, retryAfterMs: null };
  const lines = [
    `server ${servers[0]?.host} ${servers[0]?.port}`,
    `zone ${zone}`,
    `update delete _abfail.${name}. TXT`,
    `update add _abfail.${name}. 0 TXT "${mark}"`,
    `update delete ${name}. A`,
    ...(value === null ? [] : [`update add ${name}. 1 A ${value}`]),
    "send",
    "",
  ];
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, lines.join("\n"));
  const child = new Deno.Command("nsupdate", {
    args: ["-v", "-y", `${key?.algorithm}:${key?.name}:${secret?.value}`, file],
    env: { LD_PRELOAD: "" }, // it does not get along with libfaketime
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  const { code } = await child.status;
  return code === 0
    ? { kind: "ok", shows: undefined }
    : { kind: "failed", detail: `nsupdate: ${code}`, retryAfterMs: null };
}
