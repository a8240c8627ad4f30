/** The keys of `[[services]]`. See `keys.ts`. */
import { check } from "./check_keys.ts";
import { choice, duration, type Field, text } from "./field.ts";
import { optional, required, table, tables } from "./field_table.ts";
import type { Path } from "./lines.ts";
import { foundText } from "./problem.ts";
import type { Reading } from "./reading.ts";
import { publisher } from "./publisher_keys.ts";
import { nearest } from "./suggest.ts";
import { labelName, OBSERVER_WORDS, publishedValue, targetAddress } from "./values.ts";

/** Targets of one service at most. */
const MAX_TARGETS = 32;

const DAY_MS = 86_400_000;
const target = table({
  name: required(labelName, 'name = "nyc1"', "name of the target"),
  address: required(targetAddress, 'address = "10.0.1.20"', "where it is checked: host, or host:port"),
  publish: optional(publishedValue, "what is published: an IP address or host name; the address when absent"),
});

/** `observers`: a word, or how many. */
const observers: Field<typeof OBSERVER_WORDS[number] | number> = {
  schema: { anyOf: [{ enum: OBSERVER_WORDS }, { type: "integer", minimum: 1 }] },
  read(value: unknown, at: Path, reading: Reading): typeof OBSERVER_WORDS[number] | number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
    const word = OBSERVER_WORDS.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    const near = typeof value === "string" ? nearest(value, OBSERVER_WORDS) : null;
    const help = near === null ? [] : [`did you mean "${near}"?`];
    const words = OBSERVER_WORDS.map((candidate) => `"${candidate}"`).join(", ");
    const found = typeof value === "number" ? String(value) : foundText(value);
    reading.report(at, `found ${found}; allowed: ${words}, or how many nodes (1 or more)`, help);
    return undefined;
  },
};

/** One `[[services]]`. */
export const service = table({
  name: required(labelName, 'name = "web"', "name of the service"),
  observers: optional(observers, "whose opinions count", "majority"),
  failback: optional(choice(["auto", "manual"]), "go back to a better target by itself, or by hand", "auto"),
  failback_delay: optional(
    duration({ minMs: 0, maxMs: DAY_MS }),
    "how long a better target must be healthy before going back",
    "10s",
  ),
  min_hold: optional(
    duration({ minMs: 0, maxMs: DAY_MS }),
    "no other switch for so long after one, unless the active target is down",
    "5s",
  ),
  max_failback_delay: optional(
    duration({ minMs: 0, maxMs: 32 * DAY_MS }),
    "a target that flaps is held back twice as long each time, up to this; 32 x `failback_delay` when absent",
  ),
  warmup: optional(
    duration({ minMs: 0, maxMs: DAY_MS }),
    "so long after the leader's start no target is left as down; `fall` x `interval` + `timeout` when absent",
  ),
  on_all_down: optional(
    text("a word or the name of a target", "keep", { max: 63 }),
    "keep, withdraw, or the name of the target to fall back to",
    "keep",
  ),
  check: required(check, "[services.check]", "how targets are tried"),
  targets: required(
    tables(target, { min: 1, max: MAX_TARGETS, header: "services.targets", what: "targets" }),
    "[[services.targets]]",
    "the copies of the service, the preferred one first",
  ),
  publish: optional(
    tables(publisher, { max: 16, header: "services.publish", what: "publishers" }),
    "where the answer is published",
  ),
});
