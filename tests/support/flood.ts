/** Starts `flood_main.ts`. */
import { fileURLToPath } from "node:url";
import type { FloodOrder } from "./flood_main.ts";

export type { FloodKind, FloodOrder } from "./flood_main.ts";

/** Runs the flood in a process of its own; gives how many datagrams were sent. */
export async function startFlood(order: FloodOrder): Promise<number> {
  const script = fileURLToPath(new URL("./flood_main.ts", import.meta.url));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-net", script, JSON.stringify(order)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return Number(new TextDecoder().decode(stdout).trim());
}
