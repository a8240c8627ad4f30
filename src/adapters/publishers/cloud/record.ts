/** One DNS record set of a cloud provider as a publisher: look, compare, change only what differs. */
import type { PublishResult } from "../../../publish/action.ts";
import type { RecordType, SecretSource } from "../../../config/publisher.ts";
import type { Publisher } from "../publisher.ts";
import { isOneWord } from "../wish.ts";
import { CloudFailure } from "./failure.ts";
import type { CloudHttp, CloudWorld } from "./http.ts";
import { createPacedPublisher, UNREHEARSED, type WriteAction } from "./paced.ts";

/** What all DNS publishers of this folder take. */
export interface RecordOptions {
  /** The zone, such as example.com; no final dot. */
  readonly domain: string;
  /** The name within it, such as web; `@` is the zone itself. */
  readonly record: string;
  readonly recordType: RecordType;
  /** Whole seconds. */
  readonly ttlS: number;
  readonly token: SecretSource;
  /** Instead of the provider's own address; null = that. */
  readonly apiUrl: string | null;
  readonly world: CloudWorld;
}

/** What the clients of a provider need to know. */
export type AccountOptions = Pick<RecordOptions, "token" | "apiUrl" | "world">;

/** What stands under a name and type. */
export interface RecordSet {
  /** As the provider tells them, at least one. */
  readonly values: readonly string[];
  /** Seconds; null where the provider decides. */
  readonly ttlS: number | null;
}

/** The wish for a record set. */
export interface Wanted {
  /** Null: the set is to be removed. */
  readonly value: string | null;
  readonly ttlS: number;
  readonly target: string | null;
  readonly epoch: string;
  /** It stands there already: sent all the same, to prove that it could be written. */
  readonly rehearsal: boolean;
}

/** How one provider is asked. Throws CloudFailure. */
export interface RecordStore<Found extends RecordSet> {
  readonly http: CloudHttp;
  /** Null: there is nothing of that name and type. */
  read(signal: AbortSignal): Promise<Found | null>;
  /** Makes it so. `present` was read just now and differs. */
  change(present: Found | null, wanted: Wanted, signal: AbortSignal): Promise<void>;
}

/** A publisher on a store. */
export function createRecordPublisher<Found extends RecordSet>(
  store: RecordStore<Found>,
  options: RecordOptions,
): Publisher {
  return createPacedPublisher(store.http, options.world, {
    look: async (_action, deadline) => ({ kind: "ok", shows: showOf(await store.read(deadline)) }),
    write: async (action, deadline): Promise<PublishResult> => {
      const present = await store.read(deadline);
      const wanted = wish(action, options);
      if (wanted.rehearsal && showOf(present) !== normalise(wanted.value ?? "")) return UNREHEARSED;
      if (wanted.rehearsal || !isSame(present, wanted)) await store.change(present, wanted, deadline);
      return { kind: "ok", shows: undefined };
    },
  });
}

/** What a write wants. */
export function wish(
  { value, target, epoch, rehearsal }: WriteAction,
  { ttlS }: RecordOptions,
): Wanted {
  return { value, ttlS, target, epoch, rehearsal: rehearsal === true };
}

/** Values that are named at most: of more than one, none is ours. */
const SHOWN_VALUES_MAX = 7;

/** The set as one text: several values, which are not ours, are all named. */
export function showOf(present: RecordSet | null): string | null {
  if (present === null || present.values.length === 0) return null;
  const values = present.values.map(normalise);
  if (values.includes("")) throw new CloudFailure("the answer names a record without a value");
  if (!values.every(isOneWord)) throw new CloudFailure("the answer names a value that no record can have");
  const more = values.length - SHOWN_VALUES_MAX;
  return values.toSorted().slice(0, SHOWN_VALUES_MAX).join(",") + (more > 0 ? ` and ${more} more` : "");
}

/** Two spellings of one value become equal: no final dot, small letters, the short form of IPv6. */
export function normalise(value: string): string {
  const bare = value.trim().toLowerCase().replace(/\.$/, "");
  if (!bare.includes(":") || !URL.canParse(`http://[${bare}]/`)) return bare;
  return new URL(`http://[${bare}]/`).hostname.slice(1, -1);
}

/** The record set is as it is wanted. */
export function isSame(present: RecordSet | null, wanted: Wanted): boolean {
  if (wanted.value === null) return present === null;
  return present !== null && present.values.length === 1 &&
    normalise(present.values[0] ?? "") === normalise(wanted.value) &&
    (present.ttlS === null || present.ttlS === wanted.ttlS);
}

/** The whole name, no final dot. */
export function fullName(options: Pick<RecordOptions, "domain" | "record">): string {
  return options.record === "@" ? options.domain : `${options.record}.${options.domain}`;
}

/** A value as master files write it: host names with their final dot. */
export function absolute(value: string, type: RecordType): string {
  return type === "CNAME" ? `${value.replace(/\.$/, "")}.` : value;
}

/** Waits, unless the deadline comes first: then it throws a CloudFailure. */
export function pause(ms: number, deadline: AbortSignal, waitingFor: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      clearTimeout(timer);
      reject(new CloudFailure(`${waitingFor} was not done in time`));
    };
    const timer = setTimeout(() => {
      deadline.removeEventListener("abort", late);
      resolve();
    }, ms);
    if (deadline.aborted) late();
    else deadline.addEventListener("abort", late, { once: true });
  });
}
