/** `abfail init`: a config to start from, or what watches a cluster (`--with`). */
import { unreachable } from "../base/assert.ts";
import { exampleConfig } from "./example_config.ts";
import alerts from "./extras/alerts.yml" with { type: "text" };
import unit from "./extras/abfail.service" with { type: "text" };
import dashboard from "./extras/dashboard.json" with { type: "text" };
import { freshKey } from "./keygen.ts";
import { reasonOf } from "./load.ts";
import type { Extra, InitOptions } from "./options.ts";
import { complain, print } from "./output.ts";

/** Mode of a config: it holds the key. */
const SECRET_MODE = 0o600;
/** Mode of what Prometheus and Grafana read. */
const PUBLIC_MODE = 0o644;

/** Prints a config or an extra, or writes it to a new file. Exit code: 0 done, 2 it cannot be written. */
export async function initCommand({ nodes, output, extra }: InitOptions): Promise<number> {
  const text = extra === null ? exampleConfig(nodes ?? 3, freshKey()) : extraText(extra);
  if (output === null) {
    print(text);
    return 0;
  }
  try {
    const mode = extra === null ? SECRET_MODE : PUBLIC_MODE;
    await Deno.writeTextFile(output, text, { createNew: true, mode });
  } catch (problem) {
    const exists = problem instanceof Deno.errors.AlreadyExists;
    complain(`error: cannot write ${output}: ${exists ? "it is there already" : reasonOf(problem)}`);
    return 2;
  }
  complain(extra === null ? next(output) : `Wrote ${output}.`);
  return 0;
}

/** Alert rules for Prometheus, a dashboard for Grafana's import, or a hardened unit for systemd. */
export function extraText(extra: Extra): string {
  switch (extra) {
    case "alerts":
      return alerts;
    case "dashboard":
      return dashboard;
    case "systemd":
      return unit;
    default:
      return unreachable(extra);
  }
}

function next(output: string): string {
  return `Wrote ${output} with a fresh key. Next:
  1. put your own addresses, names and zone into it
  2. abfail check --config ${output}
  3. copy it to every node; there: abfail run --config ${output}`;
}
