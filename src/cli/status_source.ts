/** Getting a status from a node and making sure that it is one. */
import { err, ok, type Result } from "../base/result.ts";
import type { Status } from "../view/status_type.ts";
import { askNode, type NodeApi } from "./node_api.ts";
import { readStatus } from "./status_shape.ts";

/** A status, and the text it came as. */
export interface Fetched {
  readonly status: Status;
  /** The JSON document as the node sent it; nothing in it does anything to a terminal. */
  readonly text: string;
  /** Paths of what a node of this version tells, and this one did not, or in another way. */
  readonly missing: readonly string[];
}

/** The status of a node. The error is one sentence: not reached, or not a node. */
export async function fetchStatus(api: NodeApi, timeoutMs?: number): Promise<Result<Fetched, string>> {
  const answer = await askNode(api, "/v1/status", timeoutMs);
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  if (status !== 200) {
    return err(`what answers at ${api.text} is no abfail node: HTTP ${status} to /v1/status`);
  }
  const read = readStatus(parse(body));
  if (read === null) {
    return err(`what answers at ${api.text} is no abfail node: its answer is not a status`);
  }
  return ok({ ...read, text: harmless(body) });
}

/** The same document: what a terminal might obey, and JSON allows in texts, written as `\\u....`. */
export function harmless(json: string): string {
  return json.replaceAll("\r", "").replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
      "",
    );
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
