/** Telling a node to do something: one POST over TCP or a Unix socket. Through node:http, as `node_api.ts` says. */
import { err, ok, type Result } from "../base/result.ts";
import type { Answer, NodeApi } from "./node_api.ts";

/** How long it may take, ms: a node looks for a leader for 5 s before it gives up. */
const ANSWER_MS = 8000;
/** Largest answer taken, bytes. */
const ANSWER_BYTES = 64 * 1024;

/** Posts JSON. The error is one sentence: what could not be reached and why. */
export async function postToNode(
  api: NodeApi,
  path: string,
  body: Readonly<Record<string, unknown>>,
  token: string | null,
  timeoutMs: number = ANSWER_MS,
): Promise<Result<Answer, string>> {
  const secure = api.kind === "http" && api.url.protocol === "https:";
  const { request } = secure ? await import("node:https") : await import("node:http");
  const text = JSON.stringify(body);
  const headers: Record<string, string> = {
    host: api.kind === "unix" ? "localhost" : api.url.host,
    "content-type": "application/json",
    "content-length": String(new TextEncoder().encode(text).length),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const place = api.kind === "unix" ? { socketPath: api.path, path } : {
    host: api.url.hostname.replace(/^\[|\]$/g, ""),
    port: api.url.port === "" ? (secure ? 443 : 80) : Number(api.url.port),
    path: api.url.pathname.replace(/\/+$/, "") + path,
  };
  const signal = AbortSignal.timeout(timeoutMs);
  return await new Promise((resolve) => {
    const fail = (problem: Error & { readonly code?: string }): void => {
      const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(problem);
      resolve(err(`no node can be reached at ${api.text}: ${why}`));
    };
    const call = request({ ...place, method: "POST", headers, agent: false, signal }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        answer += chunk;
        if (answer.length > ANSWER_BYTES) call.destroy(new Error("its answer is too long to be a node's"));
      });
      response.on("error", fail);
      response.on("end", () => resolve(ok({ status: response.statusCode ?? 0, body: answer })));
    });
    call.on("error", fail);
    call.end(text);
  });
}

function reasonOf(problem: Error & { readonly code?: string }): string {
  switch (problem.code) {
    case "ECONNREFUSED":
      return "nothing listens there (connection refused)";
    case "ENOENT":
      return "there is no such socket";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name cannot be resolved";
    default:
      return problem.message.startsWith("Parse Error") ? "it does not speak HTTP" : problem.message;
  }
}
