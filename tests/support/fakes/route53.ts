/**
 * Route 53 (providers.md, 3): XML, a signature that is computed anew here (SigV4 by hand), change batches that are all
 * or nothing, DELETE that must match exactly, CREATE that must be new, names with octal escapes.
 */
import { createHash, createHmac } from "node:crypto";
import { type Asked, bare, dotted, type Fake, RecordSets, type Shown, startFake } from "./fake.ts";

/** The access key id that the fake knows. */
export const ACCESS_KEY_ID = "AKIDEXAMPLE";
/** The hosted zone. */
export const ZONE_ID = "Z0123456789ABC";
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NS = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

/** Starts the fake. */
export function startRoute53(): Fake {
  let sets = new RecordSets();
  sets.put("other.example.com", "A", { values: ["192.0.2.99"], ttl: 300 });
  let copies = [["other.example.com", "A"]];
  let changes = 0;

  function handle(asked: Asked): Response {
    const why = signatureProblem(asked);
    if (why !== null) return failed(403, "SignatureDoesNotMatch", why);
    const rrset = `/2013-04-01/hostedzone/${ZONE_ID}/rrset`;
    if (!asked.path.startsWith(rrset)) return failed(404, "NoSuchHostedZone", "No hosted zone found with ID");
    if (asked.method === "GET") return list(asked);
    return change(asked.body);
  }

  function list(asked: Asked): Response {
    const [name, type] = [asked.query.get("name") ?? "", asked.query.get("type") ?? ""];
    // the list begins at the first set that is not before name and type: what comes next may be another name
    const found = sets.get(name, type);
    const shown = found === null
      ? setXml("zz-next.example.com", "A", { values: ["192.0.2.98"], ttl: 60 })
      : setXml(name, type, found);
    return xml(
      200,
      `<ListResourceRecordSetsResponse ${NS}><ResourceRecordSets>${shown}</ResourceRecordSets>` +
        `<IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListResourceRecordSetsResponse>`,
    );
  }

  function change(body: string): Response {
    const before = sets;
    const beforeCopies = copies;
    sets = copy();
    const problems: string[] = [];
    for (const part of all(body, "Change")) {
      const [action, name, type] = ["Action", "Name", "Type"].map((key) => all(part, key)[0] ?? "");
      if (action === undefined || name === undefined || type === undefined) throw new Error("three keys");
      const ttl = Number(all(part, "TTL")[0]);
      const values = all(part, "Value").map((value) =>
        value.replaceAll("&quot;", '"').replaceAll("&amp;", "&")
      );
      const present = sets.get(name, type);
      const shown = `[name='${name}', type='${type}']`;
      if (action === "DELETE") {
        if (present === null) {
          problems.push(`Tried to delete resource record set ${shown} but it was not found`);
        } else if (present.ttl !== ttl || present.values.join() !== values.join()) {
          problems.push(
            `Tried to delete resource record set ${shown} but the values provided do not match the current values`,
          );
        } else sets.remove(name, type);
        continue;
      }
      if (action === "CREATE" && present !== null) {
        problems.push(`Tried to create resource record set ${shown} but it already exists`);
      } else if (sets.collides(name, type)) {
        problems.push(`RRSet of type ${type} with DNS name ${name} is not permitted as it conflicts`);
      } else {
        sets.put(name, type, { values, ttl });
        copies = [...copies, [name, type]];
      }
    }
    if (problems.length > 0) {
      sets = before;
      copies = beforeCopies;
      const messages = problems.map((text) => `<Message>${text}</Message>`).join("");
      return xml(
        400,
        `<?xml version="1.0"?><ErrorResponse ${NS}><Error><Type>Sender</Type>` +
          `<Code>InvalidChangeBatch</Code>${messages}</Error><RequestId>1</RequestId></ErrorResponse>`,
      );
    }
    return xml(
      200,
      `<ChangeResourceRecordSetsResponse ${NS}><ChangeInfo><Id>/change/C${++changes}</Id>` +
        `<Status>PENDING</Status><SubmittedAt>2026-11-25T00:00:00Z</SubmittedAt></ChangeInfo>` +
        `</ChangeResourceRecordSetsResponse>`,
    );
  }

  function copy(): RecordSets {
    const next = new RecordSets();
    for (const [name = "", type = ""] of copies) {
      const set = sets.get(name, type);
      if (set !== null) next.put(name, type, set);
    }
    return next;
  }

  return startFake(() => ({
    secret: SECRET,
    handle,
    // A bucket of 50 that fills by 10 a second: told with status 400, without any header.
    rate: { windows: [{ limit: 50, ms: 5000 }], refuse: () => failed(400, "Throttling", "Rate exceeded") },
    get: (name, type) => bare(sets.get(name, type)),
    set: (name, type, values, ttl): void => {
      sets.put(name, type, { values: dotted(type, values), ttl });
      copies = [...copies, [name, type]];
    },
  }));
}

function setXml(name: string, type: string, set: Shown): string {
  const values = set.values.map((value) =>
    `<ResourceRecord><Value>${value.replaceAll('"', "&quot;")}</Value></ResourceRecord>`
  );
  const escaped = name.replace(/\.?$/, ".").replaceAll("*", "\\052");
  return `<ResourceRecordSet><Name>${escaped}</Name><Type>${type}</Type><TTL>${set.ttl}</TTL>` +
    `<ResourceRecords>${values.join("")}</ResourceRecords></ResourceRecordSet>`;
}

function xml(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "text/xml" } });
}

function failed(status: number, code: string, message: string): Response {
  return xml(
    status,
    `<?xml version="1.0"?><ErrorResponse ${NS}><Error><Type>Sender</Type><Code>${code}</Code>` +
      `<Message>${message}</Message></Error><RequestId>b25f48e8</RequestId></ErrorResponse>`,
  );
}

function all(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map((match) => match[1] ?? "");
}

/** Signature version 4, as the documents describe it. */
function signatureProblem(asked: Asked): string | null {
  const given =
    /Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/
      .exec(asked.headers.get("authorization") ?? "");
  if (given === null) return "there is no signature";
  const [, id, day = "", region = "", service = "", names = "", signature] = given;
  if (id !== ACCESS_KEY_ID) return "The security token included in the request is invalid.";
  if (region !== "us-east-1" || service !== "route53") return "Credential should be scoped to a valid region";
  const date = asked.headers.get("x-amz-date") ?? "";
  const headers = names.split(";").map((name) => `${name}:${asked.headers.get(name)?.trim() ?? ""}\n`).join(
    "",
  );
  const query = [...asked.query].map(([key, value]) => `${encode(key)}=${encode(value)}`).toSorted().join(
    "&",
  );
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = [asked.method, asked.path, query, headers, names, hash(asked.body)].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const hmac = (key: string | Uint8Array, text: string): Uint8Array =>
    createHmac("sha256", key).update(text).digest();
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, day), region), service), "aws4_request");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n");
  const right = createHmac("sha256", key).update(toSign).digest("hex");
  if (right !== signature) {
    return "The request signature we calculated does not match the signature you provided.";
  }
  return null;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
