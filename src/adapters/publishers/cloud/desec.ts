/**
 * The publisher `desec`: one record set of a domain, written by the bulk request, which creates, replaces or removes it
 * in one go. Fence `lease-only`. deSEC allows 300 writes a day and, unless asked, no TTL below an hour.
 */
import type { Publisher } from "../publisher.ts";
import { createCloudHttp } from "./http.ts";
import { at, listAt, numberAt, textAt, textsAt } from "./json.ts";
import {
  absolute,
  createRecordPublisher,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
} from "./record.ts";

const API = "https://desec.io/api/v1";

/** A publisher on deSEC. */
export function createDesecPublisher(options: RecordOptions): Publisher {
  const http = createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: ({ token }) => new Headers({ authorization: `Token ${token}` }),
    explain: (_text, json) => ({ code: "", message: wordsOf(json) }),
    world: options.world,
  });
  const { domain, record, recordType: type } = options;
  const sets = `/domains/${encodeURIComponent(domain)}/rrsets/`;
  const store: RecordStore<RecordSet> = {
    http,
    read: async (signal): Promise<RecordSet | null> => {
      const path = `${sets}${encodeURIComponent(record)}/${type}/`;
      const { status, json } = await http.send({ method: "GET", path, accept: [404] }, signal);
      if (status === 404) return null;
      return { values: textsAt(json, "records"), ttlS: numberAt(json, "ttl") };
    },
    change: async (_present, wanted, signal): Promise<void> => {
      const records = wanted.value === null ? [] : [absolute(wanted.value, type)];
      const body = [{ subname: record === "@" ? "" : record, type, ttl: wanted.ttlS, records }];
      await http.send({ method: "PATCH", path: sets, body }, signal);
    },
  };
  return createRecordPublisher(store, options);
}

/** `{"detail": …}`, or `[{"ttl": ["Ensure …"]}]`: the first complaint of each key. */
function wordsOf(json: unknown): string {
  const detail = textAt(json, "detail");
  if (detail !== null) return detail;
  const complaints = Array.isArray(json) ? json : [json];
  return complaints.flatMap((complaint) =>
    typeof complaint === "object" && complaint !== null
      ? Object.keys(complaint).map((key) => `${key}: ${listAt(complaint, key)[0] ?? at(complaint, key)}`)
      : []
  ).join("; ");
}
