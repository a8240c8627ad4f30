/** `abfail init`: a config to start from. */
import { exampleConfig } from "./example_config.ts";
import { freshKey } from "./keygen.ts";
import { reasonOf } from "./load.ts";
import type { InitOptions } from "./options.ts";
import { complain, print } from "./output.ts";

/** Prints a config, or writes it to a new file that only its owner may read: it holds the key. */
export async function initCommand({ nodes, output }: InitOptions): Promise<number> {
  const text = exampleConfig(nodes ?? 3, freshKey());
  if (output === null) {
    print(text);
    return 0;
  }
  try {
    await Deno.writeTextFile(output, text, { createNew: true, mode: 0o600 });
  } catch (problem) {
    const exists = problem instanceof Deno.errors.AlreadyExists;
    complain(`error: cannot write ${output}: ${exists ? "it is there already" : reasonOf(problem)}`);
    return 2;
  }
  complain(`Wrote ${output} with a fresh key. Next:
  1. put your own addresses, names and zone into it
  2. abfail check --config ${output}
  3. copy it to every node; there: abfail run --config ${output}`);
  return 0;
}
