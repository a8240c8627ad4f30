/** Which node of the config this process is. */
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config, MemberConfig } from "../config/config.ts";

/** `--node-id` and ABFAIL_NODE_ID win, then `[node] id`, else the node whose address is a local one. */
export function identify(
  config: Config,
  asked: NodeId | null,
  localAddresses: ReadonlySet<string>,
): Result<MemberConfig, string> {
  const members = config.cluster.nodes;
  const ids = members.map((member) => member.id).join(", ");
  const id = asked ?? config.node.id;
  if (id !== null) {
    const member = members.find((candidate) => candidate.id === id);
    return member !== undefined
      ? ok(member)
      : err(`there is no node ${id} in ${config.file}; its nodes are ${ids}`);
  }
  const local = members.filter((member) => localAddresses.has(member.address.host));
  const [only] = local;
  if (only !== undefined && local.length === 1) return ok(only);
  const why = local.length === 0
    ? "no node's address is one of this machine's"
    : `nodes ${local.map((member) => member.id).join(" and ")} all have an address of this machine`;
  return err(`which node is this? ${why}: say --node-id, one of ${ids} (or ABFAIL_NODE_ID, or [node] id)`);
}
