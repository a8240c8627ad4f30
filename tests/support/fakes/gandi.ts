/** Gandi LiveDNS (providers.md, 6): record sets, PUT replaces, TTL 300 to 2592000. */
import {
  type Asked,
  bare,
  DOMAIN,
  dotted,
  empty,
  type Fake,
  items,
  json,
  MINUTE,
  prop,
  RecordSets,
  startFake,
  TOKEN,
} from "./fake.ts";

/** Starts the fake. */
export function startGandi(): Fake {
  const sets = new RecordSets();
  sets.put(`other.${DOMAIN}`, "A", { values: ["192.0.2.99"], ttl: 300 });

  function handle(asked: Asked): Response {
    if (asked.headers.get("authorization") !== `Bearer ${TOKEN}`) {
      return json(401, {
        code: 401,
        message: "The server could not verify that you authorized",
        cause: "Unauthorized",
      });
    }
    const [first, domain, second, label = "", type = ""] = asked.path.split("/").slice(1).map(
      decodeURIComponent,
    );
    if (first !== "domains" || domain !== DOMAIN || second !== "records") {
      return json(404, { code: 404, message: "The resource could not be found.", cause: "Not Found" });
    }
    const name = label === "@" ? DOMAIN : `${label}.${DOMAIN}`;
    const present = sets.get(name, type);
    if (asked.method === "PUT") {
      const ttl = Number(prop(asked.json, "rrset_ttl"));
      const values = items(asked.json, "rrset_values").map(String);
      if (ttl < 300 || ttl > 2_592_000) return invalid("rrset_ttl", `${ttl} is less than minimum value 300`);
      if (sets.collides(name, type)) return invalid("items", "A CNAME record cannot stand beside others");
      sets.put(name, type, { values, ttl });
      return json(201, { message: "DNS Record Created" });
    }
    if (present === null) {
      return json(404, {
        code: 404,
        message: "Can't find the DNS record",
        cause: "Not Found",
        object: "dns-record",
      });
    }
    if (asked.method === "DELETE") {
      sets.remove(name, type);
      return empty(204);
    }
    return json(200, {
      rrset_name: label,
      rrset_type: type,
      rrset_ttl: present.ttl,
      rrset_values: present.values,
    });
  }

  return startFake(() => ({
    secret: TOKEN,
    handle,
    rate: {
      windows: [{ limit: 1000, ms: MINUTE }],
      refuse: () => json(429, { code: 429, message: "Rate limit exceeded", cause: "Too Many Requests" }),
    },
    get: (name, type) => bare(sets.get(name, type)),
    set: (name, type, values, ttl): void => sets.put(name, type, { values: dotted(type, values), ttl }),
  }));
}

function invalid(name: string, description: string): Response {
  return json(400, { status: "error", errors: [{ location: "body", name, description }] });
}
