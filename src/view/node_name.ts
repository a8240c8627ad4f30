/** How a node is called in sentences. */
import type { NodeId } from "../base/id.ts";

/** `1 (nyc1)`, or `1` where it has no zone. */
export function nodeName({ id, zone }: { readonly id: NodeId; readonly zone: string }): string {
  return zone === "" ? String(id) : `${id} (${zone})`;
}
