import assert from "node:assert/strict";
import { zoneDigest } from "../../../src/config/zone_digest.ts";
import { applyZone } from "../../../src/failover/apply.ts";
import { emptyState } from "../../../src/failover/cluster_state.ts";
import { decodeState, encodeState } from "../../../src/failover/codec.ts";
import { CLUSTER, DNS, right, service, world, wrongOnce } from "./sample.ts";

const PUBLISH = `[[services.publish]]\ntype = "dns"\nname = "web.ha.example.com"\n`;

function withDns(lines: string, rest = PUBLISH): string {
  return `${CLUSTER}${DNS}${lines}\n${service({ rest })}`;
}

Deno.test("nobody may copy the zone unless the config says so", () => {
  assert.deepEqual(right(withDns("")).dns?.transfer, { from: [], key: null, notify: [] });
});

Deno.test("secondaries are told at the addresses that may copy, unless others are named", () => {
  const config = right(withDns(`transfer_to = ["10.0.0.5", "10.1.0.0/16", "2001:db8::1"]`));
  assert.deepEqual(config.dns?.transfer.notify, [{ host: "10.0.0.5", port: 53 }, {
    host: "2001:db8::1",
    port: 53,
  }]);
  assert(config.warnings.some((text) => text.includes("not signed")));
  const other = right(withDns(`transfer_to = "10.0.0.5"\nnotify_to = "10.0.0.6:5353"`));
  assert.deepEqual(other.dns?.transfer.notify, [{ host: "10.0.0.6", port: 5353 }]);
});

Deno.test("a key for transfers has a name and one source; a relative file starts at the config", () => {
  const keyed = right(
    withDns(`transfer_key_name = "xfr"\ntransfer_key_file = "xfr.key"`),
    world({ files: { "/etc/abfail/xfr.key": "c2VjcmV0" } }),
  );
  assert.deepEqual(keyed.dns?.transfer.key, {
    name: "xfr",
    algorithm: "hmac-sha256",
    secret: { kind: "file", path: "/etc/abfail/xfr.key" },
  });
  assert.deepEqual(keyed.warnings, []);
  wrongOnce(withDns(`transfer_key_name = "xfr"`), "transfer_key_name", "is needed with it");
  wrongOnce(withDns(`transfer_key_env = "XFR"`), "transfer_key_env", "transfer_key_name is needed");
  wrongOnce(withDns(`transfer_to = ["10.0.0.1/8"]`), "bits set behind the prefix");
  wrongOnce(withDns(`transfer_to = ["secondary.example.com"]`), "an IP address or a network");
  wrongOnce(withDns(`notify_to = ["ns.example.com"]`), "notify_to", "an IP address is needed");
});

Deno.test("several zones: a name in any of them; none within another", () => {
  const zones = (text: string): string => `[dns]\nzone = ${text}\nnameservers = ["ns1.example.net"]\n`;
  const config = (text: string): string => `${CLUSTER}${zones(text)}${service({ rest: PUBLISH })}`;
  assert.deepEqual(right(config(`["other.test", "ha.example.com"]`)).dns?.zones, [
    "other.test",
    "ha.example.com",
  ]);
  wrongOnce(config(`["other.test", "third.test"]`), "web.ha.example.com", "any of the zones");
  wrongOnce(config(`["ha.example.com", "b.ha.example.com"]`), "b.ha.example.com", "lie in each other");
  wrongOnce(config(`["ha.example.com", "HA.example.com"]`), "twice");
});

Deno.test("the digest of the zones is another one when the answers are, and the serial rises with it", () => {
  const digest = (text: string): number | null => zoneDigest(right(text));
  const base = digest(withDns(""));
  assert.equal(digest(withDns(`stale = "servfail"\ntransfer_to = "10.0.0.5"`)), base);
  assert.equal(digest(withDns("", PUBLISH).replace("port = 80", "port = 81")), base);
  const others = [
    withDns("", `${PUBLISH}ttl = "9s"\n`),
    withDns("", PUBLISH.replace("web.", "www.")),
    withDns("").replace('address = "10.0.1.20"', 'address = "10.0.1.21"'),
    withDns("").replace("ns1.", "ns9."),
    withDns("").replace("10.0.1.10:7420", "10.0.1.11:7420"),
  ].map(digest);
  assert.equal(new Set([base, ...others]).size, 6);
  assert.equal(zoneDigest(right(`${CLUSTER}${service()}`)), null);

  const first = applyZone(emptyState(), base, 1_800_000_000_000);
  assert.deepEqual([first.serial, first.zone], [1_800_000_000, base]);
  assert.equal(applyZone(first, base, 1_900_000_000_000), first);
  assert.equal(applyZone(first, null, 1_900_000_000_000), first);
  assert.equal(applyZone(first, 7, 1_700_000_000_000).serial, 1_800_000_001, "a clock that went back");
  const back = decodeState(encodeState(first));
  assert.deepEqual(back.ok && [back.value.serial, back.value.zone], [first.serial, base]);
});
