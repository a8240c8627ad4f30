/**
 * The publisher `hetzner-dns`: one record set of a zone at Hetzner's Cloud API. Every write is an action that is
 * polled until it has ended; values and TTL are two of them, the values first: they are what a failover waits for.
 *
 * Fence `lease-only`: no request of the API is conditional.
 */
import type { Publisher } from "../publisher.ts";
import { type ActionState, followAction } from "./actions.ts";
import { CloudFailure } from "./failure.ts";
import { type CloudHttp, createCloudHttp } from "./http.ts";
import { listAt, numberAt, textAt } from "./json.ts";
import {
  absolute,
  type AccountOptions,
  createRecordPublisher,
  isSame,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
  type Wanted,
} from "./record.ts";

const API = "https://api.hetzner.cloud/v1";
/** The TTL of a set that follows its zone; differs from every TTL that can be wanted. */
const ZONE_TTL = -1;

/** A publisher on Hetzner's DNS. */
export function createHetznerDnsPublisher(options: RecordOptions): Publisher {
  const http = createHetznerHttp(options);
  const sets = `/zones/${encodeURIComponent(options.domain)}/rrsets`;
  const set = `${sets}/${encodeURIComponent(options.record)}/${options.recordType}`;
  const store: RecordStore<RecordSet> = {
    http,
    read: async (signal): Promise<RecordSet | null> => {
      const answer = await http.send({ method: "GET", path: set, accept: [404] }, signal);
      if (answer.status === 404) {
        if (textAt(answer.json, "error", "message")?.includes("zone") === true) {
          throw new CloudFailure(`there is no zone "${options.domain}" in this project`, { status: 404 });
        }
        return null;
      }
      const values = listAt(answer.json, "rrset", "records").map((record) => textAt(record, "value") ?? "");
      return { values, ttlS: numberAt(answer.json, "rrset", "ttl") ?? ZONE_TTL };
    },
    change: (present, wanted, signal): Promise<void> =>
      change(http, sets, set, options, present, wanted, signal),
  };
  return createRecordPublisher(store, options);
}

/** A client of Hetzner's Cloud API. */
export function createHetznerHttp(options: AccountOptions): CloudHttp {
  return createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: ({ token }) => new Headers({ authorization: `Bearer ${token}` }),
    explain: (_text, json) => {
      const code = textAt(json, "error", "code") ?? "";
      const message = textAt(json, "error", "message") ?? "";
      return { code, message, throttled: code === "rate_limit_exceeded" };
    },
    world: options.world,
  });
}

async function change(
  http: CloudHttp,
  sets: string,
  set: string,
  options: RecordOptions,
  present: RecordSet | null,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<void> {
  if (wanted.value === null) {
    const { json } = await http.send({ method: "DELETE", path: set, accept: [404] }, signal);
    return await finishAction(http, json, signal);
  }
  const records = [{ value: absolute(wanted.value, options.recordType) }];
  if (present === null) {
    const body = { name: options.record, type: options.recordType, ttl: wanted.ttlS, records };
    const { json } = await http.send({ method: "POST", path: sets, body }, signal);
    return await finishAction(http, json, signal);
  }
  if (wanted.rehearsal || !isSame({ ...present, ttlS: null }, wanted)) {
    const path = `${set}/actions/set_records`;
    const { json } = await http.send({ method: "POST", path, body: { records } }, signal);
    await finishAction(http, json, signal);
  }
  if (present.ttlS !== wanted.ttlS) {
    const path = `${set}/actions/change_ttl`;
    const { json } = await http.send({ method: "POST", path, body: { ttl: wanted.ttlS } }, signal);
    await finishAction(http, json, signal);
  }
}

/** Waits for the action of an answer, if there is one; throws when it ended badly. */
export async function finishAction(http: CloudHttp, answer: unknown, signal: AbortSignal): Promise<void> {
  const id = numberAt(answer, "action", "id");
  if (id === null) return;
  await followAction(stateOf(answer), async (late) => {
    const look = await http.send({ method: "GET", path: `/actions/${id}`, accept: [404] }, late);
    return look.status === 404 ? { status: "unknown", why: "" } : stateOf(look.json);
  }, signal);
}

function stateOf(json: unknown): ActionState {
  switch (textAt(json, "action", "status")) {
    case "running":
      return { status: "running", why: "" };
    case "success":
      return { status: "done", why: "" };
    case "error": {
      const why = textAt(json, "action", "error", "message") ?? "";
      return { status: "failed", why, code: textAt(json, "action", "error", "code") ?? "" };
    }
    default:
      return { status: "unknown", why: "" };
  }
}
