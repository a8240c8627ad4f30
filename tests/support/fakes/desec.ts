/** deSEC (providers.md, 8): bulk PATCH that is atomic, minimum TTL of the domain, CNAME targets with a final dot. */
import {
  type Asked,
  bare,
  DOMAIN,
  dotted,
  type Fake,
  HOUR,
  isWriting,
  items,
  json,
  MINUTE,
  prop,
  RecordSets,
  startFake,
  TOKEN,
} from "./fake.ts";

/** Starts the fake. The domain's minimum TTL is an hour, as it is unless one asks. */
export function startDesec(): Fake {
  const sets = new RecordSets();
  sets.put(`other.${DOMAIN}`, "A", { values: ["192.0.2.99"], ttl: 3600 });

  function handle(asked: Asked): Response {
    if (asked.headers.get("authorization") !== `Token ${TOKEN}`) {
      return json(401, { detail: "Invalid token." });
    }
    const parts = asked.path.split("/").slice(1).map(decodeURIComponent);
    if (parts[0] !== "domains" || parts[1] !== DOMAIN || parts[2] !== "rrsets") {
      return json(404, { detail: "No Domain matches the given query." });
    }
    if (asked.method === "GET") {
      const [label = "", type = ""] = parts.slice(3);
      const found = sets.get(whole(label), type);
      if (found === null) return json(404, { detail: "No RRset matches the given query." });
      return json(200, {
        domain: DOMAIN,
        subname: label === "@" ? "" : label,
        type,
        ttl: found.ttl,
        records: found.values,
      });
    }
    if (asked.method !== "PATCH" || !Array.isArray(asked.json)) {
      return json(405, { detail: "Method not allowed." });
    }
    const problems = asked.json.map(problemOf);
    if (problems.some((problem) => Object.keys(problem).length > 0)) return json(400, problems);
    for (const set of asked.json) {
      const [name, type] = [whole(String(prop(set, "subname"))), String(prop(set, "type"))];
      const values = items(set, "records").map(String);
      if (values.length === 0) sets.remove(name, type);
      else sets.put(name, type, { values, ttl: Number(prop(set, "ttl")) });
    }
    return json(200, asked.json);
  }

  function problemOf(set: unknown): Record<string, readonly string[]> {
    const type = String(prop(set, "type"));
    const values = items(set, "records").map(String);
    if (Number(prop(set, "ttl")) < 3600) {
      return { ttl: ["Ensure this value is greater than or equal to 3600."] };
    }
    if (type === "CNAME" && values.some((value) => !value.endsWith("."))) {
      return { records: ["Record content must be fully qualified."] };
    }
    if (values.length > 0 && sets.collides(whole(String(prop(set, "subname"))), type)) {
      return { non_field_errors: ["RRset with conflicting type present."] };
    }
    return {};
  }

  return startFake(() => ({
    secret: TOKEN,
    handle,
    rate: {
      windows: [
        { limit: 10, ms: 1000, counts: isReading },
        { limit: 50, ms: MINUTE, counts: isReading },
        { limit: 2, ms: 1000, counts: isWriting },
        { limit: 15, ms: MINUTE, counts: isWriting },
        { limit: 100, ms: HOUR, counts: isWriting },
        { limit: 300, ms: 24 * HOUR, counts: isWriting },
      ],
      refuse: ({ retryAfterS }) =>
        json(429, { detail: `Request was throttled. Expected available in ${retryAfterS} seconds.` }, {
          "retry-after": String(retryAfterS),
        }),
    },
    get: (name, type) => bare(sets.get(name, type)),
    set: (name, type, values, ttl): void => sets.put(name, type, { values: dotted(type, values), ttl }),
  }));
}

function whole(label: string): string {
  return label === "@" || label === "" ? DOMAIN : `${label}.${DOMAIN}`;
}

const isReading = (asked: Asked): boolean => !isWriting(asked);
