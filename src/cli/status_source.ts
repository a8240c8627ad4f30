/** Getting a status from a node and making sure that it is one. */
import { err, ok, type Result } from "../base/result.ts";
import type { Status } from "../view/status_type.ts";
import { askNode, type NodeApi } from "./node_api.ts";

/** A status, and the text it came as. */
export interface Fetched {
  readonly status: Status;
  /** The JSON document as the node sent it. */
  readonly text: string;
}

/** The status of a node. The error is one sentence: not reached, or not a node. */
export async function fetchStatus(api: NodeApi, timeoutMs?: number): Promise<Result<Fetched, string>> {
  const answer = await askNode(api, "/v1/status", timeoutMs);
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  if (status !== 200) {
    return err(`what answers at ${api.text} is no abfail node: HTTP ${status} to /v1/status`);
  }
  const value = parse(body);
  if (!isStatus(value)) {
    return err(`what answers at ${api.text} is no abfail node: its answer is not a status`);
  }
  return ok({ status: value, text: body });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Checks the keys that all else hangs on; the rest is the word of a node of ours. */
function isStatus(value: unknown): value is Status {
  return isObject(value) && typeof value.cluster === "string" && typeof value.version === "string" &&
    isObject(value.node) && isObject(value.quorum) && (value.leader === null || isObject(value.leader)) &&
    Array.isArray(value.peers) && Array.isArray(value.problems) && Array.isArray(value.services) &&
    value.services.every((one) => {
      return isObject(one) && Array.isArray(one.targets) && Array.isArray(one.publishers);
    });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
