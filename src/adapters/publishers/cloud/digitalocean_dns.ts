/**
 * The publisher `digitalocean-dns`: one record of a domain, changed in place by its id.
 *
 * No compare-and-set: the API has neither record sets nor conditional requests. A late write of a former leader is
 * found and put right by the second look (publish/reconcile.ts): fence `lease-only`.
 */
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import { type CloudHttp, createCloudHttp } from "./http.ts";
import { listAt, numberAt, textAt } from "./json.ts";
import { eachPage } from "./pages.ts";
import {
  absolute,
  type AccountOptions,
  createRecordPublisher,
  fullName,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
  type Wanted,
} from "./record.ts";

const API = "https://api.digitalocean.com/v2";
/** Records per page, the most that the API gives. */
const PER_PAGE = 200;

interface Found extends RecordSet {
  readonly ids: readonly number[];
}

/** A publisher on DigitalOcean's domain records. */
export function createDigitaloceanDnsPublisher(options: RecordOptions): Publisher {
  const http = createDigitaloceanHttp(options);
  const records = `/domains/${encodeURIComponent(options.domain)}/records`;
  const store: RecordStore<Found> = {
    http,
    read: (signal): Promise<Found | null> => read(http, records, options, signal),
    change: (present, wanted, signal): Promise<void> =>
      change(http, records, options, present, wanted, signal),
  };
  return createRecordPublisher(store, options);
}

/** A client of the API; other publishers of DigitalOcean use it too. */
export function createDigitaloceanHttp(
  options: AccountOptions,
): CloudHttp {
  return createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: ({ token }) => new Headers({ authorization: `Bearer ${token}` }),
    explain: (_text, json) => ({ code: textAt(json, "id") ?? "", message: textAt(json, "message") ?? "" }),
    world: options.world,
  });
}

async function read(
  http: CloudHttp,
  records: string,
  options: RecordOptions,
  signal: AbortSignal,
): Promise<Found | null> {
  const ids: number[] = [];
  const values: string[] = [];
  const ttls: number[] = [];
  await eachPage(1, async (page) => {
    const query = new URLSearchParams({
      name: fullName(options),
      type: options.recordType,
      per_page: String(PER_PAGE),
      page: String(page),
    });
    const { json } = await http.send({ method: "GET", path: `${records}?${query}` }, signal);
    const listed = listAt(json, "domain_records");
    for (const record of listed) {
      const [id, data] = [numberAt(record, "id"), textAt(record, "data")];
      const isOurs = textAt(record, "name") === options.record &&
        textAt(record, "type") === options.recordType;
      if (id === null || data === null || !isOurs) continue;
      ids.push(id);
      values.push(data === "@" ? options.domain : data);
      ttls.push(numberAt(record, "ttl") ?? 0);
    }
    return textAt(json, "links", "pages", "next") === null ? null : page + 1;
  });
  return ids.length === 0 ? null : { ids, values, ttlS: ttls[0] ?? null };
}

async function change(
  http: CloudHttp,
  records: string,
  options: RecordOptions,
  present: Found | null,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const [first, ...others] = present?.ids ?? [];
  if (wanted.value !== null) {
    const data = absolute(wanted.value, options.recordType);
    const body = { type: options.recordType, name: options.record, data, ttl: wanted.ttlS };
    const request = first === undefined
      ? { method: "POST", path: records, body } as const
      : { method: "PUT", path: `${records}/${first}`, body } as const;
    const { json } = await http.send(request, signal);
    if (numberAt(json, "domain_record", "id") === null) throw new CloudFailure("the answer names no record");
  } else if (first !== undefined) {
    await http.send({ method: "DELETE", path: `${records}/${first}`, accept: [404] }, signal);
  }
  // more records of this name and type: another answer beside ours
  for (const id of others) {
    await http.send({ method: "DELETE", path: `${records}/${id}`, accept: [404] }, signal);
  }
}
