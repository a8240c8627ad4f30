/**
 * Google Cloud DNS (providers.md, 7): a token service that checks the signed claim, changes that are atomic, deletions
 * that must match exactly (412), additions that must be new (409).
 */
import { createVerify, generateKeyPairSync } from "node:crypto";
import {
  type Asked,
  bare,
  dotted,
  type Fake,
  items,
  json,
  MINUTE,
  type Pages,
  prop,
  RecordSets,
  startFake,
} from "./fake.ts";

/** Starts the fake; its secret is the JSON key of a service account. */
export function startGoogle(): Fake {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const email = "abfail@prj.iam.gserviceaccount.com";
  let sets = new Map<string, { name: string; type: string; ttl: number; rrdatas: string[] }>();
  let issued = 0;
  const key = RecordSets.key;
  sets.set(key("other.example.com", "A"), {
    name: "other.example.com.",
    type: "A",
    ttl: 300,
    rrdatas: ["192.0.2.99"],
  });

  function failed(status: number, reason: string, message: string): Response {
    return json(status, {
      error: { code: status, message, errors: [{ domain: "global", reason, message }] },
    });
  }

  function token(asked: Asked, url: string): Response {
    const assertion = new URLSearchParams(asked.body).get("assertion") ?? "";
    const [header = "", claims = "", signature = ""] = assertion.split(".");
    const read = (part: string): unknown =>
      JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" })));
    const good = createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(
      publicKey,
      signature,
      "base64url",
    );
    const now = Date.now() / 1000;
    const said = read(claims);
    const [iat, exp] = [Number(prop(said, "iat")), Number(prop(said, "exp"))];
    const inTime = iat <= now + 5 && exp > now && exp - iat <= 3600;
    if (!good || prop(said, "iss") !== email || prop(said, "aud") !== `${url}/token` || !inTime) {
      return json(400, { error: "invalid_grant", error_description: "Invalid JWT Signature." });
    }
    return json(200, { access_token: `ya29.token${++issued}`, expires_in: 3599, token_type: "Bearer" });
  }

  function change(body: unknown): Response {
    const next = new Map(sets);
    for (const [i, set] of items(body, "deletions").entries()) {
      const [name, type] = [String(prop(set, "name")), String(prop(set, "type"))];
      const present = next.get(key(name, type));
      const same = present !== undefined && present.ttl === prop(set, "ttl") &&
        present.rrdatas.toSorted().join() === items(set, "rrdatas").map(String).toSorted().join();
      if (!same) {
        return failed(412, "conditionNotMet", `Precondition not met for 'entity.change.deletions[${i}]'`);
      }
      next.delete(key(name, type));
    }
    for (const [i, set] of items(body, "additions").entries()) {
      const [name, type] = [String(prop(set, "name")), String(prop(set, "type"))];
      if (!name.endsWith(".")) {
        return failed(400, "invalid", `Invalid value for 'entity.change.additions[${i}].name'`);
      }
      if (next.has(key(name, type))) {
        return failed(409, "alreadyExists", `The resource 'entity.change.additions[${i}]' already exists`);
      }
      const others = type === "CNAME" ? ["A", "AAAA", "TXT"] : ["CNAME"];
      if (others.some((other) => next.has(key(name, other)))) {
        const text =
          `The resource record set 'entity.change.additions[${i}]' is invalid because the DNS name ` +
          `'${name}' may have either one CNAME resource record set or resource record sets of other types`;
        return failed(400, "cnameResourceRecordSetConflict", text);
      }
      const rrdatas = items(set, "rrdatas").map(String);
      next.set(key(name, type), { name, type, ttl: Number(prop(set, "ttl")), rrdatas });
    }
    sets = next;
    return json(200, { kind: "dns#change", id: "7", status: "pending", startTime: "2026-11-25T00:00:00Z" });
  }

  function handle(asked: Asked, url: string, pages: Pages): Response {
    if (asked.path === "/token") return token(asked, url);
    const number = Number(
      /^Bearer ya29\.token(\d+)$/.exec(asked.headers.get("authorization") ?? "")?.[1] ?? 0,
    );
    if (number < 1 || number > issued) {
      return failed(401, "authError", "Invalid Credentials");
    }
    const zone = "/projects/prj/managedZones/example-com";
    if (asked.path === `${zone}/rrsets`) {
      const found = sets.get(key(asked.query.get("name") ?? "", asked.query.get("type") ?? ""));
      // A page may be empty and have a next one all the same.
      const page = Number(asked.query.get("pageToken") ?? 1);
      const isLast = !pages.endless && page >= (pages.most === 1 ? 2 : 1);
      return json(200, {
        kind: "dns#resourceRecordSetsListResponse",
        rrsets: found === undefined || !isLast ? [] : [found],
        ...(isLast ? {} : { nextPageToken: String(page + 1) }),
      });
    }
    if (asked.path === `${zone}/changes` && asked.method === "POST") return change(asked.json);
    return failed(404, "notFound", "The 'parameters.managedZone' resource does not exist.");
  }

  return startFake((url, pages) => ({
    secret: JSON.stringify({
      type: "service_account",
      client_email: email,
      private_key: privateKey,
      private_key_id: "k1",
      token_uri: `${url}/token`,
    }),
    handle: (asked) => handle(asked, url, pages),
    rate: {
      windows: [{ limit: 600, ms: MINUTE, counts: ({ path }) => path !== "/token" }],
      refuse: () => failed(403, "quotaExceeded", "Quota exceeded for quota metric 'Queries' of service"),
    },
    harmless: (asked) => asked.path === "/token",
    get: (name, type) => {
      const found = sets.get(key(name, type));
      return bare(found === undefined ? null : { values: found.rrdatas, ttl: found.ttl });
    },
    set: (name, type, values, ttl): void => {
      sets.set(key(name, type), { name: `${name}.`, type, ttl, rrdatas: [...dotted(type, values)] });
    },
  }));
}
