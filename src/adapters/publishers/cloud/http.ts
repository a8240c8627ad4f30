/**
 * One request to a cloud API. Follows no redirect; bounded in time by the signal of the action, in size by
 * MAX_BODY. Whatever goes wrong is one phrase for people that holds no secret.
 *
 * Why fetch: it goes through HTTPS_PROXY, which for cloud APIs is right, and keeps connections.
 */
import type { SecretSource } from "../../../config/publisher.ts";
import { letTimersGoFirst } from "../deadline.ts";
import { readSecret } from "../../secret_source.ts";
import { CloudFailure } from "./failure.ts";
import { MAX_RETRY_AFTER_MS, type RateBudget, type RateBudgets, retryAfterMs } from "./limits.ts";

/** Of an answer, bytes at most. */
const MAX_BODY = 1024 * 1024;
/** Of the provider's own words, characters at most. */
const MAX_WORDS = 200;
/** A pause after 429 where neither Retry-After nor a reset is told, ms. */
const DEFAULT_PAUSE_MS = 10_000;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** What follows the base URL, with its query. */
  readonly path: string;
  /** Sent as JSON; a text is sent as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Statuses of failure that the caller wants to see as an answer. */
  readonly accept?: readonly number[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, read once; null for an empty body. */
  readonly json: unknown;
}

/** What a provider's error body says. */
export interface ErrorWords {
  readonly code: string;
  readonly message: string;
  /** It means "too many requests", whatever the status. */
  readonly throttled?: boolean;
}

/** A request that is about to be sent, and the secret to prove who asks. */
export interface Proof {
  readonly request: Request;
  readonly body: string;
  readonly token: string;
}

export interface HttpOptions {
  /** Without a final slash, such as https://api.example.com/v2. */
  readonly baseUrl: string;
  /** Read anew for each request; null: none is needed. */
  readonly token: SecretSource | null;
  /** More headers of a request: what proves who asks. May itself ask for a token. */
  authorize(asked: Proof, signal: AbortSignal): Promise<Headers> | Headers;
  /** Reads the provider's error body. */
  explain(text: string, json: unknown): ErrorWords;
  /** What must never be shown, beside the token. */
  readonly secrets?: () => readonly string[];
  /** The answers are not JSON. */
  readonly xml?: boolean;
  readonly world: CloudWorld;
}

/** What publishers of this folder take from their surroundings. */
export interface CloudWorld {
  /** Ms since 1970. */
  wallMs(): number;
  /** Shared by all publishers of a node. */
  readonly budgets: RateBudgets;
}

export interface CloudHttp {
  /** What the account may still ask: that of the token as it is now. Throws a CloudFailure without a token. */
  budget(): Promise<RateBudget>;
  /** Throws a CloudFailure for everything but a status below 300 or one of `accept`. */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

/** A client of one API with one account. */
export function createCloudHttp(options: HttpOptions): CloudHttp {
  const host = hostOf(options.baseUrl);
  const { budgets } = options.world;
  return {
    budget: async (): Promise<RateBudget> => budgets.of(options.baseUrl, await tokenOf(options)),
    send: async (wanted, signal): Promise<HttpAnswer> => {
      const token = await tokenOf(options);
      const budget = budgets.of(options.baseUrl, token);
      budget.spend();
      const response = await ask(options, wanted, token, host, signal);
      budget.note(response.headers);
      const text = await readBody(response, host, signal);
      const { status, headers } = response;
      const good = status < 300 || (wanted.accept ?? []).includes(status);
      const json = options.xml === true ? null : parseJson(text);
      if (!good) {
        const secrets = [token, ...options.secrets?.() ?? []];
        throw failureOf(options, budget, response, { text, json: json ?? null }, secrets, host);
      }
      if (json === undefined) {
        throw new CloudFailure(`${host} answered HTTP ${status} with a broken body (not JSON)`, { status });
      }
      return { status, headers, text, json };
    },
  };
}

async function tokenOf(options: HttpOptions): Promise<string> {
  if (options.token === null) return "";
  const token = await readSecret(options.token);
  if (!token.ok) throw new CloudFailure(`there is no token: ${token.error}`);
  return token.value;
}

async function ask(
  options: HttpOptions,
  wanted: HttpRequest,
  token: string,
  host: string,
  signal: AbortSignal,
): Promise<Response> {
  const { method, path } = wanted;
  const body = wanted.body === undefined
    ? ""
    : typeof wanted.body === "string"
    ? wanted.body
    : JSON.stringify(wanted.body);
  const contentType = wanted.contentType ?? "application/json";
  const headers = new Headers({ "user-agent": "abfail", "accept": options.xml ? "*/*" : "application/json" });
  if (wanted.body !== undefined) headers.set("content-type", contentType);
  const bare = new Request(options.baseUrl + path, { method, headers });
  try {
    for (const [name, value] of await options.authorize({ request: bare, body, token }, signal)) {
      headers.set(name, value);
    }
    if (method !== "GET") await letTimersGoFirst();
    if (signal.aborted) throw new CloudFailure("cut off before it was sent");
    return await fetch(bare.url, {
      method,
      headers,
      body: wanted.body === undefined ? null : body,
      redirect: "manual",
      signal,
    });
  } catch (error) {
    if (error instanceof CloudFailure) throw error;
    throw new CloudFailure(signal.aborted ? `no answer from ${host} in time` : `${host} cannot be reached`);
  }
}

async function readBody(response: Response, host: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MAX_BODY) throw new CloudFailure(`${host} answered with more than 1 MiB`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof CloudFailure) throw error;
    const what = signal.aborted ? `no whole answer from ${host} in time` : `the answer of ${host} broke off`;
    throw new CloudFailure(what, { status: response.status });
  }
  const whole = new Uint8Array(size);
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.length;
  }
  return new TextDecoder().decode(whole);
}

function parseJson(text: string): unknown {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(
  options: HttpOptions,
  budget: RateBudget,
  response: Response,
  body: { readonly text: string; readonly json: unknown },
  secrets: readonly string[],
  host: string,
): CloudFailure {
  const { status } = response;
  const { code, message, throttled = false } = options.explain(body.text, body.json);
  const words = clean(message, secrets);
  const tail = [words, code === "" || words.includes(code) ? "" : `(${clean(code, secrets)})`]
    .filter((word) => word !== "").join(" ");
  const said = `${host} answered HTTP ${status}${meaning(status)}${tail === "" ? "" : `: ${tail}`}`;
  const asked = retryAfterMs(response.headers, options.world.wallMs());
  const slow = status === 429 || throttled;
  const pause = asked ?? (slow ? (budget.isLow ? budget.resetInMs : null) ?? DEFAULT_PAUSE_MS : null);
  if (slow && pause !== null) budget.keepQuiet(pause);
  return new CloudFailure(said, {
    status,
    code,
    retryAfterMs: pause === null ? null : Math.min(pause, MAX_RETRY_AFTER_MS),
  });
}

function meaning(status: number): string {
  switch (status) {
    case 401:
      return " (the credentials are not accepted)";
    case 403:
      return " (not permitted)";
    case 404:
      return " (not found)";
    case 429:
      return " (too many requests)";
    default:
      return status >= 300 && status < 400 ? " (it has moved)" : "";
  }
}

/** One line without control characters and without secrets: it goes to terminals and logs. */
function clean(text: string, secrets: readonly string[]): string {
  let line = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  for (const secret of secrets) if (secret.length > 3) line = line.replaceAll(secret, "[secret]");
  return line.length > MAX_WORDS ? line.slice(0, MAX_WORDS) + "…" : line;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the API";
}
