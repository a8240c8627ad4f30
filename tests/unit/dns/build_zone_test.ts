import assert from "node:assert/strict";
import { buildZone, type ZoneInput } from "../../../src/dns/build_zone.ts";
import { formatName } from "../../../src/dns/name.ts";
import { record, ZONE_INPUT, zoneOf } from "./fixture.ts";

function problemOf(changes: Partial<ZoneInput>): string {
  const zone = buildZone({ ...ZONE_INPUT, records: [], ...changes });
  return zone.ok ? "" : zone.error;
}

Deno.test("the SOA names the first name server, the hostmaster and the serial", () => {
  const { soa } = zoneOf();
  assert.equal(formatName(soa.mname), "ns1.ha.example.com");
  assert.equal(formatName(soa.rname), "hostmaster.ha.example.com");
  assert.equal(soa.serial, 2025_11_25);
  assert.equal(formatName(zoneOf({ hostmaster: "jo.doe@example.org" }).soa.rname), "jo\\.doe.example.org");
});

Deno.test("negative answers live as long as the shortest record, from 1 to 60 s", () => {
  const negative = (...ttls: number[]): number =>
    zoneOf({ records: ttls.map((ttl, i) => record(`x${i}.ha.example.com`, "192.0.2.1", ttl)) }).negativeTtl;
  assert.equal(negative(30, 10), 10);
  assert.equal(negative(600), 60);
  assert.equal(negative(0), 1);
  assert.equal(negative(), 5);
  assert.equal(zoneOf({ negativeTtlSeconds: 900 }).negativeTtl, 900);
  assert.equal(zoneOf({ negativeTtlSeconds: 900, apexTtlSeconds: 100 }).negativeTtl, 100);
});

Deno.test("a name outside the zone is refused, even one that ends in its text", () => {
  const name = "web.aha.example.com";
  assert.match(
    problemOf({ records: [record(name, "192.0.2.1")] }),
    /does not lie in the zone ha\.example\.com/,
  );
});

Deno.test("an alias stands alone, is not the zone itself and not a name server", () => {
  const origin = "ha.example.com";
  assert.match(problemOf({ records: [record(origin, "x.example")] }), /zone itself and cannot be an alias/);
  const mixed = [record(`w.${origin}`, "x.example"), record(`w.${origin}`, "192.0.2.1")];
  assert.match(problemOf({ records: mixed }), /cannot have A records as well/);
  const two = [record(`w.${origin}`, "x.example"), record(`w.${origin}`, "y.example")];
  assert.match(problemOf({ records: two }), /more than one name/);
  assert.match(problemOf({ records: [record(`ns2.${origin}`, "x.example")] }), /is a name server/);
});

Deno.test("bad input is one sentence that names it", () => {
  assert.match(problemOf({ origin: "a..b" }), /zone "a\.\.b": .*empty label/);
  assert.match(problemOf({ nameservers: [] }), /at least one name server/);
  assert.match(problemOf({ serial: -1 }), /serial -1/);
  assert.match(problemOf({ serial: 2 ** 32 }), /serial 4294967296/);
  assert.match(problemOf({ records: [record("w.ha.example.com", "192.0.2.1", 1.5)] }), /TTL of 1.5 s/);
  assert.match(problemOf({ records: [record("*.ha.example.com", "192.0.2.1")] }), /wildcard/);
  const bad = {
    name: "w.ha.example.com",
    ttlSeconds: 5,
    value: { kind: "address" as const, text: "10.0.0.300" },
  };
  assert.match(problemOf({ records: [bad] }), /"10\.0\.0\.300" is not an IP address/);
});

Deno.test("the same record twice is one record, with the lower TTL", () => {
  const zone = zoneOf({
    records: [record("w.ha.example.com", "192.0.2.1", 30), record("W.ha.example.com", "192.0.2.1", 10)],
  });
  const set = [...zone.nodes.values()].flatMap((node) => [...node.values()]).find(({ name }) =>
    formatName(name) === "w.ha.example.com"
  );
  assert.deepEqual([set?.ttl, set?.data.length], [10, 1]);
});
