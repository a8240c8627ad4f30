/** `abfail schema`: the JSON Schema of the config. */
import { configSchema } from "../config/schema.ts";
import { print } from "./output.ts";

/** Prints it. */
export function schemaCommand(): Promise<number> {
  print(JSON.stringify(configSchema(), null, 2));
  return Promise.resolve(0);
}
