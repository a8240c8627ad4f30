/**
 * The publisher `powerdns`: the HTTP API of a PowerDNS server. One PATCH replaces the record and takes away those of
 * other kinds, all or nothing. The API compares nothing, so the lease alone keeps late writes out: `rfc2136` to the
 * same server is safer.
 */
import type { PowerdnsPublisher, RecordType } from "../../config/publisher.ts";
import { RECORD_TYPES } from "../../config/publisher.ts";
import { hostKind } from "../../config/address.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import { readSecret } from "../secret_source.ts";
import { Deadline } from "./deadline.ts";
import { callHttp, type HttpAnswer, retryAfterMs, words } from "./http_call.ts";
import type { Publisher } from "./publisher.ts";

/** A rehearsal that finds another value than its own waits so long, ms. */
const PUT_OFF_MS = 60_000;

interface Rrset {
  readonly name: string;
  readonly type: string;
  readonly records: readonly { readonly content: string; readonly disabled?: boolean }[];
}

export function createPowerdnsPublisher(config: PowerdnsPublisher, wallMs: () => number): Publisher {
  return {
    canRead: true,
    perform: async (action, timeoutMs, signal): Promise<PublishResult> => {
      using deadline = new Deadline(timeoutMs, signal ?? null);
      const key = await readSecret(config.apiKey);
      if (!key.ok) return failed(`there is no API key: ${key.error}`);
      const api = new Api(config, key.value, deadline, wallMs);
      return action.kind === "read" ? await api.read() : await api.write(action);
    },
  };
}

class Api {
  readonly #config: PowerdnsPublisher;
  readonly #key: string;
  readonly #deadline: Deadline;
  readonly #wallMs: () => number;

  constructor(config: PowerdnsPublisher, key: string, deadline: Deadline, wallMs: () => number) {
    this.#config = config;
    this.#key = key;
    this.#deadline = deadline;
    this.#wallMs = wallMs;
  }

  async read(): Promise<PublishResult> {
    const sets = await this.#sets();
    if (!sets.ok) return sets.error;
    return { kind: "ok", shows: shownBy(sets.value) };
  }

  async write({ value, rehearsal }: Extract<PublishAction, { kind: "write" }>): Promise<PublishResult> {
    const { recordType } = this.#config;
    const type = value === null ? null : recordTypeOf(value);
    if (type !== null && recordType !== null && type !== recordType) {
      return failed(`${value} takes a record of type ${type}, not ${recordType} (record_type)`);
    }
    // What is to go away must be there: taking away nothing would be a change of the zone all the same.
    const sets = await this.#sets();
    if (!sets.ok) return sets.error;
    // Something else than what is to be rehearsed: for the next look to find, not to be overwritten.
    if (rehearsal === true && shownBy(sets.value)?.toLowerCase() !== value?.toLowerCase()) {
      return { kind: "not-started", waitMs: PUT_OFF_MS };
    }
    const name = absolute(this.#config.name);
    const rrsets: unknown[] = sets.value.filter((set) => set.type !== type)
      .map((set) => ({ name, type: set.type, changetype: "DELETE" }));
    if (value !== null && type !== null) {
      rrsets.push({
        name,
        type,
        ttl: this.#config.ttlMs / 1000,
        changetype: "REPLACE",
        records: [{ content: type === "CNAME" ? absolute(value) : value, disabled: false }],
      });
    }
    if (rrsets.length === 0) return { kind: "ok", shows: undefined };
    const answer = await this.#call("PATCH", "", { rrsets });
    return answer.ok ? { kind: "ok", shows: undefined } : answer.error;
  }

  /** The sets at the name that are this publisher's. */
  async #sets(): Promise<Result<readonly Rrset[], PublishResult>> {
    const name = absolute(this.#config.name);
    const answer = await this.#call("GET", `?rrset_name=${encodeURIComponent(name)}`, null);
    if (!answer.ok) return answer;
    const sets = setsOf(answer.value.text);
    if (sets === null) return err(failed("its answer is not what PowerDNS says"));
    const ours: readonly RecordType[] = this.#config.recordType === null
      ? RECORD_TYPES
      : [this.#config.recordType];
    return ok(
      sets.filter((set) =>
        set.name.toLowerCase() === name.toLowerCase() && ours.some((type) => type === set.type)
      ),
    );
  }

  async #call(method: string, query: string, body: unknown): Promise<Result<HttpAnswer, PublishResult>> {
    const { apiUrl, serverId, zone } = this.#config;
    const path = `api/v1/servers/${serverId}/zones/${encodeURIComponent(absolute(zone))}${query}`;
    const url = `${apiUrl.replace(/\/+$/, "")}/${path}`;
    const answer = await callHttp(
      { method, url, headers: { "x-api-key": this.#key }, body },
      this.#deadline,
    );
    if (!answer.ok) return err(failed(answer.error));
    const { status, text, retryAfter } = answer.value;
    if (status >= 200 && status <= 299) return answer;
    return err(failed(this.#explain(status, text), retryAfterMs(retryAfter, this.#wallMs())));
  }

  #explain(status: number, text: string): string {
    const { zone, serverId } = this.#config;
    switch (status) {
      case 401:
      case 403:
        return `HTTP ${status}: the API key is wrong, or may not be used from here`;
      case 404:
        return `HTTP 404: there is no zone ${zone} on the server ${serverId}`;
      case 422:
        return `HTTP 422: PowerDNS does not take the change: ${errorOf(text)}`;
      default:
        return `HTTP ${status}${errorOf(text) === "" ? "" : `: ${errorOf(text)}`}`;
    }
  }
}

function recordTypeOf(value: string): RecordType {
  const kind = hostKind(value);
  return kind === "ipv4" ? "A" : kind === "ipv6" ? "AAAA" : "CNAME";
}

function shownBy(sets: readonly Rrset[]): string | null {
  const values = sets.flatMap((set) => set.records.filter(({ disabled }) => disabled !== true))
    .map(({ content }) => content.replace(/\.$/, "")).sort();
  return values.length === 0 ? null : values.join(",");
}

function absolute(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

function setsOf(text: string): readonly Rrset[] | null {
  try {
    const { rrsets } = JSON.parse(text) as { readonly rrsets?: unknown };
    if (!Array.isArray(rrsets)) return null;
    const fine = rrsets.every((set: Partial<Rrset>) =>
      typeof set?.name === "string" && typeof set.type === "string" && Array.isArray(set.records) &&
      set.records.every((record) => typeof record?.content === "string")
    );
    return fine ? rrsets as Rrset[] : null;
  } catch {
    return null;
  }
}

function errorOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === "string" ? words(error) : "";
  } catch {
    return "";
  }
}

function failed(detail: string, retryMs: number | null = null): PublishResult {
  return { kind: "failed", detail, retryAfterMs: retryMs };
}
