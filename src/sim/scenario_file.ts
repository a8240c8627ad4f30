/**
 * Drills of the user's own, as TOML:
 *
 *     about = "the primary dies while the leader is cut off"
 *     duration = "60s"                       # of the fault phase
 *     settle = "15s"                         # before it; "0s" = faults meet a cold start
 *     [[steps]]
 *     at = "5s"
 *     do = "isolate"                         # see KINDS
 *     node = "leader"                        # a number or "leader"
 *     for = "10s"                            # without it: until the end
 */
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { parseDuration } from "../config/duration.ts";
import { parseToml } from "../config/toml.ts";
import type { Command } from "../node/events.ts";
import type { Who } from "./faults.ts";
import { GOOD_MOOD } from "./provider.ts";
import { type Scenario, SETTLE_MS } from "./scenarios.ts";
import type { Step, WhichTarget, WorldFault } from "./world_faults.ts";

type Table = Readonly<Record<string, unknown>>;

/** What a step can do, and its keys beside `at`, `do` and `for`. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  "crash": ["node", "disk"],
  "stop": ["node"],
  "pause": ["node"],
  "slow": ["node", "late"],
  "isolate": ["node", "way"],
  "partition": ["nodes", "one_way"],
  "cut": ["from", "to"],
  "flap": ["from", "to", "each"],
  "network": ["loss", "duplicate", "stray", "stray_within", "slowness"],
  "wall-clock": ["node", "by", "back"],
  "step-down": [],
  "target": ["target", "how"],
  "unreachable": ["target", "zones"],
  "zone": ["zone"],
  "switch": ["service", "target", "node"],
  "unpin": ["service", "node"],
  "drain": ["service", "target", "node"],
  "undrain": ["service", "target", "node"],
  "provider": ["latency", "failing", "late", "late_within", "twice", "limited"],
};

/** Reads one step's keys; collects everything that is wrong. */
class Reader {
  readonly problems: string[] = [];
  readonly #table: Table;
  readonly #path: string;

  constructor(table: Table, path: string) {
    this.#table = table;
    this.#path = path;
  }

  problem(key: string, text: string): void {
    this.problems.push(`${this.#path}${key}: ${text}`);
  }

  duration(key: string, otherwise: number | null): number {
    const value = this.#table[key];
    if (value === undefined && otherwise !== null) return otherwise;
    const parsed = typeof value === "string" ? parseDuration(value) : null;
    if (parsed?.ok === true) return parsed.value;
    this.problem(key, `${shown(value)} is not a duration such as "10s"`);
    return 0;
  }

  share(key: string): number {
    return this.number(key, 0, 1, 0);
  }

  number(key: string, least: number, most: number, otherwise: number): number {
    const value = this.#table[key];
    if (value === undefined) return otherwise;
    if (typeof value === "number" && value >= least && value <= most) return value;
    this.problem(key, `${shown(value)} is not a number from ${least} to ${most}`);
    return otherwise;
  }

  choice<T extends string>(key: string, choices: readonly T[], otherwise: T | null): T {
    const value = this.#table[key];
    if (value === undefined && otherwise !== null) return otherwise;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.problem(key, `${shown(value)} is none of ${choices.join(", ")}`);
    return found ?? choices[0] as T;
  }

  who(key: string): Who {
    const value = this.#table[key];
    if (value === "leader" || typeof value === "number") return value;
    this.problem(key, `${shown(value)} is neither a node's number nor "leader"`);
    return "leader";
  }

  whoElse(key: string, otherwise: Who): Who {
    return this.#table[key] === undefined ? otherwise : this.who(key);
  }

  node(key: string): number {
    const value = this.#table[key];
    if (typeof value === "number") return value;
    this.problem(key, `${shown(value)} is not a node's number`);
    return 1;
  }

  target(): WhichTarget {
    const value = this.#table["target"];
    if (typeof value === "string") return value;
    this.problem("target", `${shown(value)} is neither a target's name nor "active"`);
    return "active";
  }

  text(key: string): string {
    const value = this.#table[key];
    if (typeof value === "string") return value;
    this.problem(key, `${shown(value)} is not a text`);
    return "";
  }

  list(key: string, kind: "number" | "string"): unknown[] {
    const value = this.#table[key];
    if (Array.isArray(value) && value.every((item) => typeof item === kind)) return value;
    this.problem(key, `${shown(value)} is not a list of ${kind === "number" ? "nodes' numbers" : "texts"}`);
    return [];
  }

  flag(key: string): boolean {
    const value = this.#table[key];
    if (value !== undefined && typeof value !== "boolean") {
      this.problem(key, `${shown(value)} is neither true nor false`);
    }
    return value === true;
  }

  unknown(known: readonly string[]): void {
    for (const key of Object.keys(this.#table)) {
      if (!known.includes(key)) this.problem(key, `there is no such key here; there are ${known.join(", ")}`);
    }
  }
}

/** Problems that are told of one drill. */
const MAX_PROBLEMS = 100;

/** Reads a drill. The error has one line for each thing that is wrong. */
export function parseScenario(text: string, file: string): Result<Scenario, string> {
  const toml = parseToml(text);
  if (!toml.ok) return err(`${file}:${toml.error.line}: ${toml.error.message}`);
  const top = new Reader(toml.value, "");
  top.unknown(["about", "duration", "settle", "timed", "steps"]);
  const durationMs = top.duration("duration", 60_000);
  const settleMs = top.duration("settle", SETTLE_MS);
  const timed = top.flag("timed");
  const about = toml.value["about"] === undefined ? "" : top.text("about");
  const tables = toml.value["steps"];
  const problems = top.problems;
  const steps: Step[] = [];
  if (!Array.isArray(tables) || tables.length === 0) problems.push("steps: there is no [[steps]]");
  else {
    for (const [i, table] of tables.entries()) {
      const reader = new Reader(table as Table, `steps[${i}].`);
      const step = readStep(reader, table as Table);
      if (step !== null) steps.push(step);
      problems.push(...reader.problems);
    }
  }
  if (problems.length > 0) {
    const told = problems.slice(0, MAX_PROBLEMS).map((problem) => `${file}: ${problem}`);
    const untold = problems.length - told.length;
    return err([...told, ...(untold > 0 ? [`${file}: and ${untold} more`] : [])].join("\n"));
  }
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.toml$/, "");
  return ok({ name, about, durationMs, settleMs, timed, steps: () => steps });
}

function readStep(reader: Reader, table: Table): Step | null {
  const kind = reader.choice("do", Object.keys(KINDS), null);
  const keys = KINDS[kind];
  if (keys === undefined || reader.problems.length > 0) return null;
  reader.unknown(["at", "do", "for", ...keys]);
  const atMs = reader.duration("at", 0);
  const forMs = table["for"] === undefined ? Infinity : reader.duration("for", null);
  return { atMs, fault: readFault(reader, kind, forMs) };
}

function readFault(reader: Reader, kind: string, forMs: number): WorldFault {
  switch (kind) {
    case "crash": {
      const disk = reader.choice("disk", ["kept", "lost"] as const, "kept");
      return { kind, who: reader.who("node"), downMs: forMs, disk, inTurn: false };
    }
    case "stop":
      return { kind, who: reader.who("node"), downMs: forMs };
    case "pause":
      return { kind, who: reader.who("node"), forMs };
    case "slow":
      return { kind, who: reader.who("node"), lateMs: reader.duration("late", 50), forMs };
    case "isolate":
      return {
        kind,
        who: reader.who("node"),
        way: reader.choice("way", ["in", "out", "both"] as const, "both"),
        forMs,
      };
    case "partition": {
      const nodes = reader.list("nodes", "number").map(Number);
      return { kind, nodes, oneWay: reader.flag("one_way"), forMs };
    }
    case "cut":
      return { kind, from: reader.node("from"), to: reader.node("to"), forMs };
    case "flap":
      return {
        kind,
        from: reader.node("from"),
        to: reader.node("to"),
        eachMs: reader.duration("each", 1000),
        forMs,
      };
    case "network": {
      const weather = {
        loss: reader.share("loss"),
        duplicate: reader.share("duplicate"),
        stray: reader.share("stray"),
        strayMs: reader.duration("stray_within", 1000),
        slowness: reader.number("slowness", 1, 1000, 1),
      };
      return { kind: "weather", weather, forMs };
    }
    case "wall-clock": {
      const byMs = reader.duration("by", null) * (reader.flag("back") ? -1 : 1);
      return { kind, who: reader.who("node"), byMs };
    }
    case "target":
      return {
        kind,
        target: reader.target(),
        trouble: reader.choice("how", ["refuses", "hangs", "errors"] as const, "refuses"),
        forMs,
      };
    case "unreachable":
      return { kind, target: reader.target(), zones: reader.list("zones", "string").map(String), forMs };
    case "zone":
      return { kind, zone: reader.text("zone"), forMs };
    case "switch":
    case "unpin":
    case "drain":
    case "undrain":
      return { kind: "command", who: reader.whoElse("node", "leader"), command: readCommand(reader, kind) };
    case "provider": {
      const mood = {
        latencyMs: reader.duration("latency", GOOD_MOOD.latencyMs),
        failing: reader.share("failing"),
        late: reader.share("late"),
        lateMs: reader.duration("late_within", 5000),
        twice: reader.share("twice"),
        limited: reader.share("limited"),
      };
      return { kind, mood, forMs };
    }
    default:
      return { kind: "step-down" };
  }
}

function readCommand(reader: Reader, kind: "switch" | "unpin" | "drain" | "undrain"): Command {
  const service = reader.text("service");
  if (kind === "unpin") return { kind, service };
  const target = reader.text("target");
  return kind === "switch" ? { kind, service, target, dryRun: false } : { kind, service, target };
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** What a drill names that a config does not have, one line each. */
export function misfits(steps: readonly Step[], config: Config): string[] {
  const nodes = config.cluster.nodes.map((node) => node.id);
  const zones = [...new Set(config.cluster.nodes.map((node) => node.zone))];
  const targets = [
    ...new Set(config.services.flatMap((service) => service.targets.map((target) => target.name))),
  ];
  const problems: string[] = [];
  const look = (what: string, wanted: string | number, there: readonly (string | number)[]): void => {
    if (!there.includes(wanted)) {
      problems.push(`there is no ${what} ${wanted} in ${config.file}; there are ${there.join(", ")}`);
    }
  };
  for (const { fault } of steps) {
    if ("who" in fault && fault.who !== "leader") look("node", fault.who, nodes);
    if (fault.kind === "cut" || fault.kind === "flap") {
      for (const id of [fault.from, fault.to]) look("node", id, nodes);
    }
    if (fault.kind === "partition") { for (const id of fault.nodes) look("node", id, nodes); }
    if (fault.kind === "command" && "service" in fault.command) {
      look("service", fault.command.service, config.services.map((service) => service.name));
      if ("target" in fault.command) look("target", fault.command.target, targets);
    }
    if (fault.kind === "zone") look("zone", fault.zone, zones);
    if (fault.kind === "unreachable") { for (const zone of fault.zones) look("zone", zone, zones); }
    if ("target" in fault && typeof fault.target === "string" && fault.target !== "active") {
      look("target", fault.target, targets);
    }
  }
  return [...new Set(problems)];
}
