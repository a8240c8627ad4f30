/**
 * The publisher `cloudflare`: one record of a zone. A write is one batch (a database transaction of Cloudflare): the
 * old epoch mark is deleted by its id, a new one is created, the record is changed in place.
 *
 * Fence `claim`: a late write names a mark that is gone. Two first writes at once are both taken; whoever finds two
 * marks takes them away with its next write. That a missing id fails the whole batch is what a transaction
 * should do, but no document says so, therefore it is not called compare-and-set. A proxied record stays proxied; what
 * clients see then is up to Cloudflare, TTL included.
 */
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import {
  createFencedPublisher,
  type FencedStore,
  MARK_TTL_S,
  markName,
  type Swap,
  unquote,
} from "./fenced.ts";
import { type CloudHttp, createCloudHttp } from "./http.ts";
import { at, listAt, numberAt, textAt } from "./json.ts";
import { eachPage } from "./pages.ts";
import { fullName, type RecordOptions, type RecordSet } from "./record.ts";

const API = "https://api.cloudflare.com/client/v4";
/** Records per page. */
const PER_PAGE = 100;
/** Error codes of Cloudflare that mean "too many requests", whatever the status. */
const THROTTLE_CODES = [971, 10300];

interface Found extends RecordSet {
  readonly ids: readonly string[];
}

/** A publisher on Cloudflare's DNS records. */
export function createCloudflarePublisher(options: RecordOptions): Publisher {
  const http = createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: ({ token }) => new Headers({ authorization: `Bearer ${token}` }),
    explain: (_text, json) => {
      const code = numberAt(json, "errors", 0, "code");
      return {
        code: code === null ? "" : String(code),
        message: textAt(json, "errors", 0, "message") ?? "",
        throttled: THROTTLE_CODES.includes(code ?? 0),
      };
    },
    world: options.world,
  });
  const name = fullName(options);
  let zone: string | null = null;
  const records = async (signal: AbortSignal): Promise<string> => {
    zone ??= await findZone(http, options.domain, signal);
    return `/zones/${zone}/dns_records`;
  };
  const store: FencedStore<Found, Found> = {
    http,
    read: async (signal): Promise<Found | null> =>
      await read(http, await records(signal), name, options.recordType, signal),
    readMark: async (signal): Promise<Found | null> =>
      await read(http, await records(signal), markName(name), "TXT", signal),
    swap: async (swap, signal): Promise<void> => {
      const body = batchOf(swap, name, options);
      await http.send({ method: "POST", path: `${await records(signal)}/batch`, body }, signal);
    },
  };
  return createFencedPublisher(store, options);
}

async function findZone(http: CloudHttp, domain: string, signal: AbortSignal): Promise<string> {
  const { json } = await http.send(
    { method: "GET", path: `/zones?name=${encodeURIComponent(domain)}` },
    signal,
  );
  const id = textAt(json, "result", 0, "id");
  if (id === null) throw new CloudFailure(`the token sees no zone "${domain}"`);
  return encodeURIComponent(id);
}

async function read(
  http: CloudHttp,
  records: string,
  name: string,
  type: string,
  signal: AbortSignal,
): Promise<Found | null> {
  const listed: unknown[] = [];
  await eachPage(1, async (page) => {
    const query = new URLSearchParams({ name, type, per_page: String(PER_PAGE), page: String(page) });
    const { json } = await http.send({ method: "GET", path: `${records}?${query}` }, signal);
    listed.push(...listAt(json, "result"));
    return page < (numberAt(json, "result_info", "total_pages") ?? 1) ? page + 1 : null;
  });
  const found = listed.filter((record) =>
    textAt(record, "name")?.toLowerCase() === name.toLowerCase() && textAt(record, "type") === type
  );
  const ids = found.map((record) => textAt(record, "id") ?? "");
  if (ids.includes("")) throw new CloudFailure("the answer names a record without an id");
  if (ids.length === 0) return null;
  const values = found.map((record) => unquote(textAt(record, "content") ?? ""));
  const proxied = found.some((record) => at(record, "proxied") === true);
  return { ids, values, ttlS: proxied ? null : numberAt(found[0], "ttl") };
}

function batchOf(swap: Swap<Found, Found>, name: string, options: RecordOptions): Record<string, unknown> {
  const { mark, newMark, present, wanted, same } = swap;
  const [first, ...others] = present?.ids ?? [];
  const record = { name, type: options.recordType, content: wanted.value, ttl: wanted.ttlS };
  const isNew = !same && wanted.value !== null && first === undefined;
  const isChange = !same && wanted.value !== null && first !== undefined;
  const gone = same ? [] : wanted.value === null ? present?.ids ?? [] : others;
  return {
    deletes: [...mark?.ids ?? [], ...gone].map((id) => ({ id })),
    patches: isChange ? [{ id: first, ...record, ...(present?.ttlS === null ? { ttl: 1 } : {}) }] : [],
    posts: [
      { name: markName(name), type: "TXT", content: `"${newMark}"`, ttl: MARK_TTL_S },
      ...(isNew ? [{ ...record, proxied: false }] : []),
    ],
  };
}
