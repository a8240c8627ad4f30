/** `abfail init` at a terminal: one question after the other; a wrong answer is told and asked again. */
import type { Result } from "../base/result.ts";
import {
  type ConfigPlan,
  examplePlan,
  exampleRecord,
  INIT_CHECKS,
  misfits,
  parentOf,
  type PlannedNode,
  type PlannedTarget,
  readCheck,
  readName,
  readNode,
  readPublisher,
  readTarget,
  readWord,
} from "./init_plan.ts";
import {
  PUBLISHER_NEEDS,
  type PublisherNeeds,
  readMachineNumber,
  readSecretPlace,
  type SecretPlace,
} from "./init_details.ts";
import { type DetailKey, INIT_PUBLISHERS } from "./options.ts";

/** A terminal. */
export interface Asker {
  say(text: string): void;
  /** One line of what was typed, without its end; null when there is no more. */
  ask(question: string): Promise<string | null>;
}

/** Nodes and targets that may be typed; more go into the file by hand. */
const MOST = 64;

/** Columns of a line at most. */
const LINE = 72;

/** Thrown and caught here alone: the terminal was closed. */
class Ended extends Error {}

/** Asks for everything. Null when the terminal was closed before the last answer. */
export async function askPlan(asker: Asker): Promise<ConfigPlan | null> {
  try {
    return await askAll(asker);
  } catch (problem) {
    if (problem instanceof Ended) return null;
    throw problem;
  }
}

/** Asks one thing. `without`: what Enter means, as it would be typed, shown unless empty; null = an answer is needed. */
async function askOne<T>(
  asker: Asker,
  what: string,
  read: (text: string) => Result<T, string>,
  without: string | null,
): Promise<T> {
  for (;;) {
    const typed = await asker.ask((without ?? "") === "" ? `${what}: ` : `${what} [${without}]: `);
    if (typed === null) throw new Ended();
    const text = typed.trim() === "" ? without : typed.trim();
    if (text === null) {
      asker.say("  an answer is needed here");
      continue;
    }
    const value = read(text);
    if (value.ok) return value.value;
    asker.say(`  ${value.error}`);
  }
}

async function askAll(asker: Asker): Promise<ConfigPlan> {
  const example = examplePlan();
  asker.say("A new config. Enter takes what stands in [brackets]; Ctrl-C ends this and writes nothing.\n");
  const cluster = await askOne(asker, "Name of the cluster", readWord, example.cluster);
  asker.say("\nThe nodes, as they reach each other: [ZONE=]ADDRESS, such as nyc1=10.0.1.10. Three are best.");
  const nodes = await askList(asker, "Node", readNode, 2, () => null);
  asker.say("\nThe service: what must be reached, and how a node tells whether a copy of it works.");
  const service = await askOne(asker, "Name of the service", readWord, example.service);
  const check = await askOne(
    asker,
    `Check: ${INIT_CHECKS.join(", ")}, as TYPE[:PORT][/PATH]`,
    readCheck,
    "http:8080/healthz",
  );
  asker.say(
    "\nIts copies, the preferred one first: NAME=ADDRESS[,WHAT IS PUBLISHED], such as nyc1=10.0.1.20.",
  );
  const targets = await askList(asker, "Target", readTarget, 2, (i) => targetOn(nodes, i));
  asker.say(
    `\nWhere the answer is published. dns: the nodes answer for a zone of their own. Or one of\n${othersText()}`,
  );
  const publisher = await askOne(asker, "Publisher", readPublisher, "dns");
  const needs = PUBLISHER_NEEDS[publisher];
  const record = needs.hasRecord
    ? await askOne(asker, "Name that clients ask for", readName, exampleRecord(publisher))
    : example.record;
  const zone = needs.hasRecord
    ? await askOne(asker, "Zone that holds it", readName, parentOf(record))
    : example.zone;
  const details = await askDetails(asker, needs);
  const machines = await askMachines(asker, needs, targets);
  const secret = await askSecret(asker, needs);
  const plan = {
    ...{ cluster, nodes, service, check, targets, publisher, record, zone, details, machines, secret },
  };
  const wrong = misfits(plan);
  if (wrong.length === 0) return plan;
  asker.say(`\nThis does not fit together:\n${wrong.map((one) => `  ${one}`).join("\n")}\nOnce more.\n`);
  return await askAll(asker);
}

async function askDetails(asker: Asker, needs: PublisherNeeds): Promise<ConfigPlan["details"]> {
  const all: Partial<Record<DetailKey, string>> = {};
  for (const { key, question, read, example, isLikely } of needs.details) {
    all[key] = await askOne(
      asker,
      isLikely ? question : `${question}, such as ${example}`,
      read,
      isLikely ? example : null,
    );
  }
  return all;
}

async function askMachines(
  asker: Asker,
  { machine }: PublisherNeeds,
  targets: readonly PlannedTarget[],
): Promise<ConfigPlan["machines"]> {
  const all: [string, number][] = [];
  for (const { name } of machine === null ? [] : targets) {
    all.push([
      name,
      await askOne(
        asker,
        `Number of the ${machine} behind ${name}, such as 3164444`,
        readMachineNumber,
        null,
      ),
    ]);
  }
  return Object.fromEntries(all);
}

/** Where the credential is, never itself. */
async function askSecret(asker: Asker, { secret }: PublisherNeeds): Promise<SecretPlace | null> {
  if (secret === null) return null;
  const none = { ok: true, value: null } as const;
  return await askOne<SecretPlace | null>(
    asker,
    secret.isNeeded
      ? `File on every node with ${secret.what}, or env:VARIABLE`
      : `File on every node with ${secret.what}, or env:VARIABLE (Enter: none)`,
    (text) => text === "" ? none : readSecretPlace(text),
    secret.isNeeded ? secret.file : "",
  );
}

/** Asks until Enter, at least `least` times. `offer`: what Enter means for the i-th. */
async function askList<T extends PlannedNode | PlannedTarget>(
  asker: Asker,
  what: string,
  read: (text: string) => Result<T, string>,
  least: number,
  offer: (index: number) => string | null,
): Promise<readonly T[]> {
  const all: T[] = [];
  while (all.length < MOST) {
    const isNeeded = all.length < least;
    const question = `${what} ${all.length + 1}${isNeeded ? "" : " (Enter: no more)"}`;
    const none = { ok: true, value: null } as const;
    const value = await askOne<T | null>(
      asker,
      question,
      (text) => text === "" ? none : read(text),
      isNeeded ? offer(all.length) : "",
    );
    if (value === null) break;
    all.push(value);
  }
  return all;
}

/** All publishers but dns, in lines that fit a terminal. */
function othersText(): string {
  const lines: string[] = [];
  let line = " ";
  for (const one of INIT_PUBLISHERS.filter((type) => type !== "dns")) {
    if (line.length + one.length > LINE) {
      lines.push(line);
      line = " ";
    }
    line += ` ${one}`;
  }
  return [...lines, line].join("\n");
}

/** A copy of the service on a node: likely on the first two, the third breaks ties and runs none. */
function targetOn(nodes: readonly PlannedNode[], index: number): string | null {
  const node = nodes[index];
  if (node === undefined || index > 1) return null;
  const host = node.address.replace(/:[0-9]+$/, "");
  return `${readWord(node.zone).ok ? node.zone : `copy${index + 1}`}=${host}`;
}
