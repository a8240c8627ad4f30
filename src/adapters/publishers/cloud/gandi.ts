/**
 * The publisher `gandi`: one record set of a LiveDNS domain, replaced by PUT. Fence `lease-only`. Gandi takes no TTL
 * below 300 s, which is long for a failover.
 */
import type { Publisher } from "../publisher.ts";
import { createCloudHttp } from "./http.ts";
import { numberAt, textAt, textsAt } from "./json.ts";
import {
  absolute,
  createRecordPublisher,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
} from "./record.ts";

const API = "https://api.gandi.net/v5/livedns";

/** A publisher on Gandi LiveDNS. `token` is a personal access token. */
export function createGandiPublisher(options: RecordOptions): Publisher {
  const http = createCloudHttp({
    baseUrl: options.apiUrl ?? API,
    token: options.token,
    authorize: ({ token }) => new Headers({ authorization: `Bearer ${token}` }),
    explain: (_text, json) => ({
      code: textAt(json, "cause") ?? "",
      message: textAt(json, "errors", 0, "description") ?? textAt(json, "message") ?? "",
    }),
    world: options.world,
  });
  const { domain, record, recordType: type } = options;
  const path = `/domains/${encodeURIComponent(domain)}/records/${encodeURIComponent(record)}/${type}`;
  const store: RecordStore<RecordSet> = {
    http,
    read: async (signal): Promise<RecordSet | null> => {
      const { status, json } = await http.send({ method: "GET", path, accept: [404] }, signal);
      if (status === 404) return null;
      return { values: textsAt(json, "rrset_values"), ttlS: numberAt(json, "rrset_ttl") };
    },
    change: async (_present, wanted, signal): Promise<void> => {
      if (wanted.value === null) {
        await http.send({ method: "DELETE", path, accept: [404] }, signal);
        return;
      }
      const body = { rrset_ttl: wanted.ttlS, rrset_values: [absolute(wanted.value, type)] };
      await http.send({ method: "PUT", path, body }, signal);
    },
  };
  return createRecordPublisher(store, options);
}
