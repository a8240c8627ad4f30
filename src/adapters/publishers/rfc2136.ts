/**
 * The publisher `rfc2136`: dynamic updates, fenced by the server itself. A TXT record at `_abfail.<name>` says whose
 * write was the last: `epoch=TERM.NODE write=N target=NAME`. Each update does all of this or nothing:
 *
 *     only while the mark is exactly what this node last saw (or absent, the first time)
 *        -> the mark becomes this write's, the old value goes, the new one comes
 *
 * So a late write finds another mark and is refused, whoever sent it. Refused, the mark is read again: a later epoch
 * means a new ballot (`fenced`), an earlier one another try. After a write without an answer nobody knows whether it
 * was done: the mark is read first, and the next write changes it, which shuts the lost one out.
 */
import type { Random } from "../../base/time.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { formatHostPort } from "../../config/address.ts";
import type { HostPort } from "../../config/config.ts";
import type { Rfc2136Publisher } from "../../config/publisher.ts";
import { decodeMessage } from "../../dns/decode.ts";
import { encodeMessage } from "../../dns/encode.ts";
import { type Message, RCODE } from "../../dns/message.ts";
import { signMessage, type TsigKey, verifyMessage } from "../../dns/tsig.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import { formatMark, judgeMark, parseMark } from "../../publish/epoch.ts";
import { readTsigKey } from "../tsig_key.ts";
import { Deadline } from "./deadline.ts";
import { exchange, type NoAnswer } from "./dns_exchange.ts";
import type { Publisher } from "./publisher.ts";
import {
  blockerQuestions,
  explainRcode,
  explainTsig,
  type Names,
  namesOf,
  questions,
  rehearsal,
  type Standing,
  standing,
  standingTypes,
  update,
} from "./rfc2136_record.ts";

export interface Rfc2136World {
  wallMs(): number;
  readonly random: Random;
}

type Write = Extract<PublishAction, { kind: "write" }>;

/** Refusals in one action after which it is left for the next: someone else writes all the time. */
const MAX_TRIES = 3;

/** A server that is silent for so long, ms, is passed over where there are others. */
const SHARE_MS_MAX = 1500;

export function createRfc2136Publisher(config: Rfc2136Publisher, world: Rfc2136World): Publisher {
  const server = new Server(config, world);
  return {
    canRead: true,
    perform: async (action, timeoutMs, signal): Promise<PublishResult> => {
      using deadline = new Deadline(timeoutMs, signal ?? null);
      return action.kind === "read"
        ? await server.read(action.epoch ?? null, deadline)
        : await server.write(action, deadline);
    },
  };
}

/** One record on one server, and what was last seen of its mark. */
class Server {
  readonly #config: Rfc2136Publisher;
  readonly #world: Rfc2136World;
  readonly #names: Names;
  /** The mark as last seen; undefined = not known. */
  #mark: string | null | undefined = undefined;
  /** The mark of a write whose answer never came; null when there is none. */
  #lost: string | null = null;
  /** The last write that was numbered. */
  #used = { epoch: "", write: 0 };
  #id = 0;
  /** The server that answered last, as a place in the list. */
  #first = 0;

  constructor(config: Rfc2136Publisher, world: Rfc2136World) {
    this.#config = config;
    this.#world = world;
    this.#names = namesOf(config);
  }

  async read(epoch: string | null, deadline: Deadline): Promise<PublishResult> {
    const seen = await this.#look(deadline);
    return seen.ok ? this.#judge(seen.value, epoch) : failed(seen.error);
  }

  async write(action: Write, deadline: Deadline): Promise<PublishResult> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (this.#mark === undefined) {
        const seen = await this.#look(deadline);
        if (!seen.ok) return failed(seen.error);
      }
      const from = this.#mark;
      if (from === undefined) return failed(this.#foreign());
      const mark = from === null ? null : parseMark(from);
      if (from !== null && mark === null) return failed(this.#foreign());
      const verdict = judgeMark(mark, action.epoch);
      if (mark !== null && verdict === "later") return { kind: "fenced", epoch: mark.epoch };
      if (action.rehearsal === true && from !== null && verdict === "ours") {
        return await this.#rehearse(from, action.value, deadline);
      }
      const write = this.#number(action.epoch, mark !== null && verdict === "ours" ? mark.write : 0);
      const to = formatMark({ epoch: action.epoch, write, target: action.target });
      const done = await this.#try({ from, to, value: action.value }, deadline);
      if (done !== "refused") return done;
    }
    return failed(
      "its mark changed under our hands again and again: does another cluster publish this name?",
    );
  }

  /**
   * An update that adds what is there already, and only while the mark is ours: the server judges key, zone and
   * policy as for any other, and changes nothing, not even the serial. Done late, it still changes nothing.
   */
  async #rehearse(mark: string, value: string | null, deadline: Deadline): Promise<PublishResult> {
    const message = rehearsal(this.#names, this.#config, { mark, value }, this.#nextId());
    if (!message.ok) return failed(message.error);
    const answers = await this.#ask([message.value], deadline);
    if (!answers.ok) return failed(answers.error.detail);
    const rcode = answers.value[0]?.rcode ?? RCODE.SERVFAIL;
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXRRSET) return failed(explainRcode(rcode, this.#config));
    const seen = await this.#look(deadline); // refused for its mark: this look tells whose it is
    return seen.ok ? this.#judge(seen.value, parseMark(mark)?.epoch ?? null) : failed(seen.error);
  }

  /** The next number of a write: above what stands there, and never one that a lost write may still bear. */
  #number(epoch: string, there: number): number {
    const used = this.#used.epoch === epoch ? this.#used.write : 0;
    this.#used = { epoch, write: Math.max(there, used) + 1 };
    return this.#used.write;
  }

  /** One update. `refused`: the mark is another one by now, and known. */
  async #try(
    change: { readonly from: string | null; readonly to: string; readonly value: string | null },
    deadline: Deadline,
  ): Promise<PublishResult | "refused"> {
    const message = update(this.#names, this.#config, change, this.#nextId());
    if (!message.ok) return failed(message.error);
    const answers = await this.#ask([message.value], deadline);
    if (!answers.ok) {
      const { sent, detail } = answers.error;
      if (!sent) return failed(detail);
      this.#mark = undefined;
      this.#lost = change.to;
      return failed(`${detail}; whether it was done is not known`);
    }
    const rcode = answers.value[0]?.rcode ?? RCODE.SERVFAIL;
    if (rcode === RCODE.NXRRSET || rcode === RCODE.YXRRSET || rcode === RCODE.NXDOMAIN) {
      return await this.#refused(change, deadline);
    }
    if (rcode !== RCODE.NOERROR) return failed(explainRcode(rcode, this.#config));
    this.#mark = change.to;
    this.#lost = null;
    const seen = await this.#look(deadline);
    return seen.ok
      ? this.#judge(seen.value, parseMark(change.to)?.epoch ?? null)
      : { kind: "ok", shows: undefined };
  }

  /** A prerequisite did not hold: the mark is another one, or something stands in the way of the value. */
  async #refused(
    change: { readonly from: string | null; readonly to: string; readonly value: string | null },
    deadline: Deadline,
  ): Promise<PublishResult | "refused"> {
    const seen = await this.#look(deadline);
    if (!seen.ok) return failed(seen.error);
    // A datagram that arrived twice refuses itself.
    if (seen.value.mark === change.to) return this.#judge(seen.value, parseMark(change.to)?.epoch ?? null);
    if (seen.value.mark !== change.from) return "refused";
    const asked = blockerQuestions(this.#names, this.#config, change.value, () => this.#nextId());
    const answers = asked.length === 0 ? ok([]) : await this.#ask(asked, deadline);
    const found = answers.ok ? standingTypes(this.#names, answers.value) : [];
    const what = found.length === 0 ? "other records" : `${found.join(", ")} records`;
    const kind = this.#config.recordType ?? "such a record";
    return failed(
      `${what} stand at ${this.#config.name}: ${change.value} cannot be published beside them (${kind})`,
    );
  }

  #judge({ mark, values }: Standing, epoch: string | null): PublishResult {
    const shows = values.length === 0 ? null : values.join(",");
    const parsed = typeof mark === "string" ? parseMark(mark) : null;
    if (epoch === null) return { kind: "ok", shows };
    const verdict = judgeMark(parsed, epoch);
    if (parsed !== null && verdict === "later") return { kind: "fenced", epoch: parsed.epoch };
    return { kind: "ok", shows, unclaimed: verdict !== "ours" || this.#lost !== null };
  }

  /** Reads the mark and the value. */
  async #look(deadline: Deadline): Promise<Result<Standing, string>> {
    const asked = questions(this.#names, this.#config.recordType, () => this.#nextId());
    const answers = await this.#ask(asked, deadline);
    if (!answers.ok) return err(answers.error.detail);
    const seen = standing(this.#names, answers.value);
    if (!seen.ok) return seen;
    this.#mark = seen.value.mark;
    if (this.#lost !== null && seen.value.mark === this.#lost) this.#lost = null; // it was done after all
    return seen;
  }

  /**
   * Signs, sends, checks. Each server gets a share of the time, the one that answered last comes first. Where one is
   * silent the very same messages go to the next, updates too: all write to one zone, and whichever comes second finds
   * another mark and is refused.
   */
  async #ask(
    messages: readonly Message[],
    deadline: Deadline,
  ): Promise<Result<readonly Message[], NoAnswer>> {
    const key = await this.#key();
    if (!key.ok) return err({ detail: key.error, sent: false });
    const { servers } = this.#config;
    const problems: string[] = [];
    let sent = false;
    for (let tried = 0; tried < servers.length && deadline.why === null; tried++) {
      const place = (this.#first + tried) % servers.length;
      const server = servers[place];
      if (server === undefined) break;
      const isLast = tried === servers.length - 1;
      using share = isLast
        ? null
        : new Deadline(shareMs(deadline.timeoutMs, servers.length), deadline.signal);
      const answers = await this.#askOne(server, messages, key.value, share ?? deadline);
      if (answers.ok) {
        this.#first = place;
        return answers;
      }
      const { detail } = answers.error;
      sent ||= answers.error.sent;
      if (answers.error.said === true) return err({ detail, sent });
      problems.push(servers.length === 1 ? detail : `${formatHostPort(server)}: ${detail}`);
    }
    return err({ detail: problems.join("; ") || (deadline.why ?? "there is no server"), sent });
  }

  async #askOne(
    server: HostPort,
    messages: readonly Message[],
    key: TsigKey | null,
    deadline: Deadline,
  ): Promise<Result<readonly Message[], NoAnswer & { readonly said?: boolean }>> {
    const signed = messages.map((message) => this.#sign(message, key));
    const { transport } = this.#config;
    const answers = await exchange(server, transport, signed.map(({ bytes }) => bytes), deadline);
    if (!answers.ok) return answers;
    const checked: Message[] = [];
    for (const [i, bytes] of answers.value.entries()) {
      const one = this.#check(bytes, key, signed[i]?.mac ?? null);
      if (!one.ok) return err({ ...one.error, said: true });
      checked.push(one.value);
    }
    return ok(checked);
  }

  #sign(
    message: Message,
    key: TsigKey | null,
  ): { readonly bytes: Uint8Array; readonly mac: Uint8Array | null } {
    const { bytes } = encodeMessage(message);
    return key === null
      ? { bytes, mac: null }
      : signMessage(bytes, key, { nowS: this.#world.wallMs() / 1000 });
  }

  #check(bytes: Uint8Array, key: TsigKey | null, mac: Uint8Array | null): Result<Message, NoAnswer> {
    const message = decodeMessage(bytes);
    if (!message.ok || !message.value.response) {
      return err({ detail: "its answer cannot be read", sent: true });
    }
    if (key === null) return message;
    const verified = verifyMessage(bytes, key, { nowS: this.#world.wallMs() / 1000, requestMac: mac });
    if (verified.ok) return message;
    const { error } = verified;
    // Whoever refuses need not sign: believed, it costs one try; disbelieved, its words would be lost.
    if (error.kind === "unsigned" && message.value.rcode !== RCODE.NOERROR) return message;
    return err({ detail: explainTsig(error, this.#config), sent: error.kind !== "refused" });
  }

  async #key(): Promise<Result<TsigKey | null, string>> {
    const { key } = this.#config;
    if (key === null) return ok(null);
    return await readTsigKey(key);
  }

  /** Consecutive from a random start, so that no two messages under way share one. */
  #nextId(): number {
    if (this.#id === 0) this.#id = Math.floor(this.#world.random.next() * 65536);
    this.#id = (this.#id + 1) & 0xffff;
    return this.#id;
  }

  #foreign(): string {
    const { name } = this.#config;
    return `the TXT record at _abfail.${name} is not this program's: remove it, or publish another name`;
  }
}

/** What a server gets while there are others to go to, ms. */
function shareMs(timeoutMs: number, servers: number): number {
  return Math.min(SHARE_MS_MAX, timeoutMs / servers);
}

function failed(detail: string): PublishResult {
  return { kind: "failed", detail, retryAfterMs: null };
}
