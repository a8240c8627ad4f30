/** Access tokens for a Google service account: a signed claim (JWT, RS256) is exchanged for a token of an hour. */
import { createSign } from "node:crypto";
import { CloudFailure } from "./failure.ts";
import { type CloudWorld, createCloudHttp } from "./http.ts";
import { numberAt, textAt } from "./json.ts";

const TOKEN_URL = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
/** A token is given up so long before it ends, ms. */
const EARLY_MS = 60_000;
/** The claim is valid so long, s; the most that Google takes. */
const CLAIM_S = 3600;

export interface GoogleTokens {
  /** A token that is good now; `key` is the JSON of a service account key. Throws a CloudFailure. */
  current(key: string, signal: AbortSignal): Promise<string>;
  /** The token was refused: the next one is a new one. */
  drop(): void;
  /** What must not be shown. */
  secrets(): readonly string[];
}

interface Account {
  readonly email: string;
  readonly key: string;
  readonly keyId: string;
  readonly tokenUrl: string;
}

/** The tokens of one service account. */
export function createGoogleTokens(world: CloudWorld): GoogleTokens {
  let held: { readonly token: string; readonly untilMs: number } | null = null;
  return {
    current: async (key, signal): Promise<string> => {
      if (held !== null && world.wallMs() < held.untilMs) return held.token;
      const asked = world.wallMs();
      const answer = await exchange(readAccount(key), world, signal);
      held = { token: answer.token, untilMs: asked + answer.lifeMs - EARLY_MS };
      return held.token;
    },
    drop: (): void => {
      held = null;
    },
    secrets: () => held === null ? [] : [held.token],
  };
}

function readAccount(json: string): Account {
  let read: unknown = null;
  try {
    read = JSON.parse(json);
  } catch {
    // said below
  }
  const [email, key] = [textAt(read, "client_email"), textAt(read, "private_key")];
  if (email === null || key === null) {
    throw new CloudFailure("the token is not the JSON key of a service account");
  }
  const keyId = textAt(read, "private_key_id") ?? "";
  return { email, key, keyId, tokenUrl: textAt(read, "token_uri") ?? TOKEN_URL };
}

async function exchange(
  account: Account,
  world: CloudWorld,
  signal: AbortSignal,
): Promise<{ readonly token: string; readonly lifeMs: number }> {
  const assertion = claim(account, Math.floor(world.wallMs() / 1000));
  const http = createCloudHttp({
    baseUrl: account.tokenUrl,
    token: null,
    authorize: () => new Headers(),
    explain: (_text, json) => ({
      code: textAt(json, "error") ?? "",
      message: textAt(json, "error_description") ?? "",
    }),
    secrets: () => [assertion],
    world,
  });
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion,
  }).toString();
  const contentType = "application/x-www-form-urlencoded";
  const { json } = await http.send({ method: "POST", path: "", body, contentType }, signal);
  const token = textAt(json, "access_token");
  if (token === null) throw new CloudFailure("the token service gave no access token");
  return { token, lifeMs: (numberAt(json, "expires_in") ?? CLAIM_S) * 1000 };
}

function claim(account: Account, nowS: number): string {
  const part = (value: unknown): string => base64url(JSON.stringify(value));
  const header = { alg: "RS256", typ: "JWT", kid: account.keyId };
  const claims = { iss: account.email, scope: SCOPE, aud: account.tokenUrl, iat: nowS, exp: nowS + CLAIM_S };
  const signed = `${part(header)}.${part(claims)}`;
  try {
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(account.key).toString("base64url")}`;
  } catch {
    throw new CloudFailure("the private key of the service account cannot be used");
  }
}

function base64url(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}
