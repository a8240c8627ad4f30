/**
 * The publisher `google-dns`: one record set of a managed zone. A write is one atomic change whose deletions must match
 * what is there exactly (epoch mark and record), else it answers 412. Fence `compare-and-set`.
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
import { createGoogleTokens } from "./google_token.ts";
import { type CloudHttp, createCloudHttp, type HttpAnswer, type HttpRequest } from "./http.ts";
import { listAt, numberAt, textAt, textsAt } from "./json.ts";
import { eachPage } from "./pages.ts";
import { absolute, fullName, normalise, type RecordOptions, type RecordSet } from "./record.ts";

const API = "https://dns.googleapis.com/dns/v1";
/** Reasons that mean "too many requests"; their status is 403. */
const THROTTLE_REASONS = ["quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"];

/** `token` is the JSON key of a service account. */
export interface GoogleDnsOptions extends RecordOptions {
  readonly project: string;
  /** The name of the managed zone, such as example-com. */
  readonly managedZone: string;
}

/** A set exactly as it was read: deletions must repeat it to the letter. */
interface Found extends RecordSet {
  readonly name: string;
  readonly exact: readonly string[];
  readonly exactTtl: number;
}

/** A publisher on Google Cloud DNS. */
export function createGoogleDnsPublisher(options: GoogleDnsOptions): Publisher {
  const tokens = createGoogleTokens(options.world);
  const http = createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: async ({ token }, signal) =>
      new Headers({ authorization: `Bearer ${await tokens.current(token, signal)}` }),
    explain: (_text, json) => {
      const code = textAt(json, "error", "errors", 0, "reason") ?? "";
      const message = textAt(json, "error", "message") ?? "";
      return { code, message, throttled: THROTTLE_REASONS.includes(code) };
    },
    secrets: tokens.secrets,
    world: options.world,
  });
  const send = async (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    try {
      return await http.send(request, signal);
    } catch (error) {
      if (error instanceof CloudFailure && error.status === 401) tokens.drop();
      throw error;
    }
  };
  const guarded: CloudHttp = { budget: http.budget, send };
  const zone = `/projects/${encodeURIComponent(options.project)}/managedZones/` +
    encodeURIComponent(options.managedZone);
  const name = fullName(options);
  const store: FencedStore<Found, Found> = {
    http: guarded,
    read: (signal): Promise<Found | null> => read(guarded, zone, name, options.recordType, signal),
    readMark: (signal): Promise<Found | null> => read(guarded, zone, markName(name), "TXT", signal),
    swap: async (swap, signal): Promise<void> => {
      const body = changeOf(swap, name, options);
      await send({ method: "POST", path: `${zone}/changes`, body }, signal);
    },
  };
  return createFencedPublisher(store, options);
}

async function read(
  http: CloudHttp,
  zone: string,
  name: string,
  type: string,
  signal: AbortSignal,
): Promise<Found | null> {
  const listed: unknown[] = [];
  await eachPage("", async (pageToken) => {
    const query = new URLSearchParams({ name: `${name}.`, type, ...(pageToken === "" ? {} : { pageToken }) });
    const { json } = await http.send({ method: "GET", path: `${zone}/rrsets?${query}` }, signal);
    listed.push(...listAt(json, "rrsets"));
    return textAt(json, "nextPageToken");
  });
  const set = listed.find((candidate) =>
    normalise(textAt(candidate, "name") ?? "") === normalise(name) && textAt(candidate, "type") === type
  );
  if (set === undefined) return null;
  const exact = textsAt(set, "rrdatas");
  if (exact.length === 0) throw new CloudFailure(`${name} has a routing policy; a simple record is needed`);
  const ttlS = numberAt(set, "ttl") ?? 0;
  return { name: textAt(set, "name") ?? `${name}.`, exact, values: exact.map(unquote), ttlS, exactTtl: ttlS };
}

interface Rrset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

function changeOf(
  swap: Swap<Found, Found>,
  name: string,
  options: RecordOptions,
): { readonly deletions: readonly Rrset[]; readonly additions: readonly Rrset[] } {
  const { mark, newMark, present, wanted, same } = swap;
  const { recordType: type } = options;
  const deletions: Rrset[] = [];
  const additions: Rrset[] = [
    { name: `${markName(name)}.`, type: "TXT", ttl: MARK_TTL_S, rrdatas: [`"${newMark}"`] },
  ];
  if (mark !== null) {
    deletions.push({ name: mark.name, type: "TXT", ttl: mark.exactTtl, rrdatas: mark.exact });
  }
  if (same) return { deletions, additions };
  if (present !== null) {
    deletions.push({ name: present.name, type, ttl: present.exactTtl, rrdatas: present.exact });
  }
  if (wanted.value !== null) {
    additions.push({ name: `${name}.`, type, ttl: wanted.ttlS, rrdatas: [absolute(wanted.value, type)] });
  }
  return { deletions, additions };
}
