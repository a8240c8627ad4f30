/**
 * The publisher `route53`: one record set of a hosted zone. A write is one change batch, which is all or nothing:
 * DELETE the epoch mark exactly as it was read, CREATE the new one, UPSERT the record. Fence `compare-and-set`.
 *
 * Route 53 says "pending" for up to a minute while its servers take a change up; what it lists is the new state at once.
 */
import { AwsV4Signer } from "aws4fetch";
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
import { type CloudHttp, createCloudHttp, type Proof } from "./http.ts";
import { absolute, fullName, normalise, type RecordOptions, type RecordSet } from "./record.ts";
import { element, elements, escape } from "./xml.ts";

const API = "https://route53.amazonaws.com";
/** Codes that mean "too many requests"; their status is 400. */
const THROTTLE_CODES = ["Throttling", "ThrottlingException", "PriorRequestNotComplete"];

/** `token` is the secret access key. */
export interface Route53Options extends RecordOptions {
  /** The hosted zone, such as Z0123456789ABC. */
  readonly zoneId: string;
  readonly accessKeyId: string;
}

/** A publisher on Route 53. */
export function createRoute53Publisher(options: Route53Options): Publisher {
  const http = createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: (asked) => sign(options, asked),
    explain: (text) => {
      const code = element(text, "Code") ?? "";
      const message = element(text, "Message") ?? "";
      return { code, message, throttled: THROTTLE_CODES.includes(code) };
    },
    xml: true,
    world: options.world,
  });
  const zone = `/2013-04-01/hostedzone/${encodeURIComponent(options.zoneId)}/rrset`;
  const name = fullName(options);
  const store: FencedStore<RecordSet, RecordSet> = {
    http,
    read: (signal): Promise<RecordSet | null> => read(http, zone, name, options.recordType, signal),
    readMark: (signal): Promise<RecordSet | null> => read(http, zone, markName(name), "TXT", signal),
    swap: async (swap, signal): Promise<void> => {
      const body = batchOf(swap, name, options);
      await http.send({ method: "POST", path: `${zone}/`, body, contentType: "application/xml" }, signal);
    },
  };
  return createFencedPublisher(store, options);
}

async function sign(options: Route53Options, { request, body, token }: Proof): Promise<Headers> {
  const datetime = new Date(options.world.wallMs()).toISOString().replaceAll(/[:-]|\.\d{3}/g, "");
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: body === "" ? null : body,
    accessKeyId: options.accessKeyId,
    secretAccessKey: token,
    service: "route53",
    region: "us-east-1",
    datetime,
  });
  const { headers } = await signer.sign();
  headers.delete("host");
  return headers;
}

async function read(
  http: CloudHttp,
  zone: string,
  name: string,
  type: string,
  signal: AbortSignal,
): Promise<RecordSet | null> {
  const query = new URLSearchParams({ name: `${name}.`, type, maxitems: "1" });
  const { text } = await http.send({ method: "GET", path: `${zone}?${query}` }, signal);
  const set = elements(text, "ResourceRecordSet")[0];
  if (set === undefined || element(set, "Type") !== type) return null;
  if (normalise(unescapeName(element(set, "Name") ?? "")) !== normalise(name)) return null;
  if (element(set, "SetIdentifier") !== null) {
    throw new CloudFailure(`${name} has a routing policy (weighted, latency …); a simple record is needed`);
  }
  if (elements(set, "AliasTarget").length > 0) {
    throw new CloudFailure(`${name} is an alias of ${element(set, "DNSName")}; a simple record is needed`);
  }
  const values = elements(set, "ResourceRecord").map((record) => unquote(element(record, "Value") ?? ""));
  return { values, ttlS: Number(element(set, "TTL") ?? 0) };
}

/** Route 53 writes unusual characters as `\` and three octal digits. */
function unescapeName(name: string): string {
  return name.replaceAll(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

function batchOf(swap: Swap<RecordSet, RecordSet>, name: string, options: Route53Options): string {
  const { mark, newMark, present, wanted, same } = swap;
  const { recordType: type } = options;
  const changes: string[] = [];
  const quoted = (texts: readonly string[]): readonly string[] => texts.map((text) => `"${text}"`);
  if (mark !== null) {
    changes.push(change("DELETE", markName(name), "TXT", mark.ttlS ?? MARK_TTL_S, quoted(mark.values)));
  }
  changes.push(change("CREATE", markName(name), "TXT", MARK_TTL_S, quoted([newMark])));
  if (!same && wanted.value !== null) {
    changes.push(change("UPSERT", name, type, wanted.ttlS, [absolute(wanted.value, type)]));
  } else if (!same && present !== null) {
    changes.push(change("DELETE", name, type, present.ttlS ?? 0, present.values));
  }
  return `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest ` +
    `xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Comment>abfail ${
      escape(wanted.epoch)
    }` +
    `</Comment><Changes>${changes.join("")}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
}

function change(
  action: "CREATE" | "DELETE" | "UPSERT",
  name: string,
  type: string,
  ttlS: number,
  values: readonly string[],
): string {
  const records = values.map((value) => `<ResourceRecord><Value>${escape(value)}</Value></ResourceRecord>`);
  return `<Change><Action>${action}</Action><ResourceRecordSet><Name>${
    escape(name)
  }.</Name><Type>${type}</Type>` +
    `<TTL>${ttlS}</TTL><ResourceRecords>${records.join("")}</ResourceRecords></ResourceRecordSet></Change>`;
}
