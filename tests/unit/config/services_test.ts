import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { CLUSTER, DNS, right, service, wrong, wrongOnce } from "./sample.ts";

const PUBLISH = '[[services.publish]]\ntype = "dns"\nname = "web.ha.example.com"\n';

Deno.test("names are unique and fit into URLs and DNS", () => {
  // Two of one name are told apart by their place.
  wrongOnce(CLUSTER + service() + service(), 'services[1].name: there is another service "web"');
  wrongOnce(CLUSTER + service({ name: "my web" }), "letters, digits and hyphens");
  wrongOnce(CLUSTER + service().replace('name = "b"', 'name = "a"'), 'there is another target "a"');
});

Deno.test("a dns publisher needs the server, a name in its zone, and whole seconds", () => {
  wrongOnce(CLUSTER + service({ rest: PUBLISH }), "needs the embedded DNS server: a [dns] section");
  const with_ = (text: string): string => CLUSTER + DNS + service({ rest: text });
  wrongOnce(
    with_(PUBLISH.replace("web.ha.", "web.")),
    'not within the zone "ha.example.com"',
    '"web.ha.example.com"',
  );
  // A suffix as text is not a zone.
  wrongOnce(with_(PUBLISH.replace("web.ha.", "web.xha.")), "not within the zone");
  wrongOnce(with_(`${PUBLISH}ttl = "1500ms"`), "whole seconds");
  wrongOnce(with_(PUBLISH.replace("web.ha", "ns1.ha")), "name server's name");
  assert.match(right(with_(`${PUBLISH}ttl = "5m"`)).warnings.join(), /dead target for up to 5m/);
});

Deno.test("a published name is nobody else's, whatever its letter case", () => {
  const other = service({ name: "api", rest: PUBLISH.replace("web.ha", "WEB.ha") });
  wrongOnce(
    CLUSTER + DNS + service({ rest: PUBLISH }) + other,
    "services.web.publish[0].name publishes this name already",
  );
});

Deno.test("what targets publish fits together and to the name", () => {
  const publishing = (a: string, b: string, rest = PUBLISH): string => {
    const text = service({ rest });
    return CLUSTER + DNS + text.replace('"10.0.1.20"', `"10.0.1.20"\npublish = "${a}"`)
      .replace('"10.0.2.20"', `"10.0.2.20"\npublish = "${b}"`);
  };
  assert.deepEqual(right(publishing("192.0.2.1", "192.0.2.2")).warnings, []);
  assert.match(
    right(publishing("192.0.2.1", "2001:db8::1")).warnings.join(),
    /different kinds of records \(A, AAAA\)/,
  );
  assert.match(right(publishing("a.example.com", "192.0.2.1")).warnings.join(), /\(CNAME, A\)/);
  const apex = PUBLISH.replace("web.ha", "ha");
  assert.equal(wrong(publishing("a.example.com", "b.example.com", apex)).length, 2);
  assert.match(wrong(publishing("a.example.com", "192.0.2.1", apex)).join(), /top of the zone/);
  assert.match(wrong(publishing("web.ha.example.com", "b.example.com")).join(), /point at itself/);
  assert.match(wrong(publishing("192.0.2.1:80", "192.0.2.2")).join(), /DNS knows no ports/);
});

Deno.test("addresses: a port, IPv6, a host name; and none that cannot be", () => {
  const at = (address: string): string => CLUSTER + service().replace("10.0.1.20", address);
  const target = (address: string): unknown => right(at(address)).services[0]?.targets[0];
  assert.deepEqual(target("10.9.9.9:8080"), {
    name: "a",
    address: "10.9.9.9",
    port: 8080,
    publish: "10.9.9.9",
  });
  assert.deepEqual(target("[2001:db8::5]:81"), {
    name: "a",
    address: "2001:db8::5",
    port: 81,
    publish: "2001:db8::5",
  });
  assert.deepEqual(target("2001:db8::5"), {
    name: "a",
    address: "2001:db8::5",
    port: null,
    publish: "2001:db8::5",
  });
  assert.deepEqual(target("a.example.com"), {
    name: "a",
    address: "a.example.com",
    port: null,
    publish: "a.example.com",
  });
  wrongOnce(at("http://10.0.1.20/x"), "a URL is no address");
  wrongOnce(at("10.0.1.999"), "neither an IPv4 address");
  wrongOnce(at("[10.0.1.9]:80"), "not an IPv6 address");
  wrongOnce(at(":80"), "no host before the port");
});

Deno.test("a tcp check has a port from somewhere", () => {
  const none = CLUSTER + service().replace("port = 80", "");
  assert.equal(wrong(none).length, 2);
  assert.match(wrong(none).join(), /a tcp check needs a port/);
  assert.ok(right(none.replace("10.0.1.20", "10.0.1.20:1").replace("10.0.2.20", "10.0.2.20:2")));
});

Deno.test("fast_interval stays within interval, by default and when given", () => {
  assert.equal(
    right(CLUSTER + service({ check: 'interval = "100ms"' })).services[0]?.check.fastIntervalMs,
    100,
  );
  wrongOnce(CLUSTER + service({ check: 'fast_interval = "2s"' }), "must not be above interval, which is 1s");
});

Deno.test("observers are a word or a number of nodes that exist", () => {
  for (const value of ['"majority"', '"leader"', '"all"', '"any"', "3"]) {
    assert.ok(right(CLUSTER + service({ top: `observers = ${value}` })));
  }
  wrongOnce(CLUSTER + service({ top: "observers = 4" }), "there are only 3 nodes");
  wrongOnce(CLUSTER + service({ top: "observers = 0" }), "or how many nodes");
  wrongOnce(CLUSTER + service({ top: 'observers = "majorty"' }), 'did you mean "majority"?');
});

Deno.test("on_all_down is a word or one of the targets", () => {
  const with_ = (word: string): string => CLUSTER + service({ top: `on_all_down = "${word}"` });
  assert.deepEqual(right(with_("withdraw")).services[0]?.onAllDown, { kind: "withdraw" });
  assert.deepEqual(right(with_("b")).services[0]?.onAllDown, { kind: "fallback", target: "b" });
  wrongOnce(with_("withdrwa"), 'did you mean "withdraw"?');
  wrongOnce(with_("zzz"), "one of the targets: a, b");
});

Deno.test("http and https options are read and checked", () => {
  const with_ = (type: string, options: string): string =>
    CLUSTER + service().replace('type = "tcp"\nport = 80', `type = "${type}"\n${options}`);
  const config = right(with_(
    "https",
    `path = "/h?x=1"\nmethod = "HEAD"\nexpect_status = [204, "300-302"]\nexpect_body = "^ok$"
     host = "www.example.com"\nserver_name = "www.example.com"\nverify = false\nexpire_warning = "0s"\nfollow_redirects = true`,
  ));
  const check = config.services[0]?.check;
  assert.ok(check?.type === "https");
  assert.equal(check.port, 443);
  assert.deepEqual(check.http.expectStatus, [{ from: 204, to: 204 }, { from: 300, to: 302 }]);
  assert.deepEqual([check.http.method, check.http.host, check.http.followRedirects], [
    "HEAD",
    "www.example.com",
    true,
  ]);
  assert.deepEqual([check.tls.verify, check.tls.expireWarningMs], [false, null]);
  assert.match(config.warnings.join(), /whoever answers counts as the target/);
  wrongOnce(with_("http", 'path = "healthz"'), 'did you mean "/healthz"?');
  wrongOnce(with_("http", 'expect_body = "("'), "not a regular expression");
  wrongOnce(with_("http", 'expect_status = "2xx"'), "a status or a range");
  wrongOnce(with_("http", 'method = "get"'), 'did you mean "GET"?');
  wrongOnce(with_("http", 'headers = { Host = "x" }'), "write host = ");
  wrongOnce(with_("https", 'client_cert_file = "c.pem"'), "client_key_file is needed with it");
  wrongOnce(with_("http", "verify = true"), 'it goes with type = "https"');
});

Deno.test("an exec publisher is a list of words; its program names it", () => {
  const with_ = (text: string): string =>
    CLUSTER + service({ rest: `[[services.publish]]\ntype = "exec"\n${text}` });
  assert.deepEqual(right(with_('command = ["/opt/move", "--now"]')).services[0]?.publish, [{
    type: "exec",
    name: "move",
    command: ["/opt/move", "--now"],
    readCommand: null,
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: null,
  }]);
  wrongOnce(with_("command = []"), "at least 1 needed");
  wrongOnce(with_('command = ["", "x"]'), "the program (the first word) is empty");
  wrongOnce(with_('command = "/opt/move --now"'), 'write command = ["/opt/move", "--now"]');
  wrongOnce(with_(""), "command: is missing");
  assert.equal(rehearsed(right(with_('command = ["x"]\nrehearse = "24h"'))), 86_400_000);
  assert.equal(rehearsed(right(with_('command = ["x"]\nrehearse = "off"'))), null);
  wrongOnce(with_('command = ["x"]\nrehearse = "10ms"'), "1s to 30d is allowed");
  wrongOnce(with_('command = ["x"]\nverify = ["authoritative"]'), "unknown key");
});

Deno.test("an rfc2136 publisher needs a server, a name in its zone, and a whole key", () => {
  const base = 'server = "192.0.2.53"\nzone = "example.com"\nname = "www.example.com"';
  const with_ = (text: string): string =>
    CLUSTER + service({ rest: `[[services.publish]]\ntype = "rfc2136"\n${text}` });
  const keyed = `${base}\nkey_name = "upd"\nkey_file = "tsig.key"`;
  assert.deepEqual(right(with_(keyed)).services[0]?.publish, [{
    type: "rfc2136",
    zone: "example.com",
    name: "www.example.com",
    recordType: null,
    ttlMs: 30_000,
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: 86_400_000,
    verify: [],
    servers: [{ host: "192.0.2.53", port: 53 }],
    key: { name: "upd", algorithm: "hmac-sha256", secret: { kind: "file", path: "/etc/abfail/tsig.key" } },
    transport: "tcp",
  }]);
  assert.match(right(with_(base)).warnings.join(), /updates are not signed/);
  wrongOnce(with_(`${base}\nkey_file = "x"`), "key_name is needed with it");
  wrongOnce(with_(`${base}\nkey_name = "x"`), "key_file, key_env or key is needed with it");
  wrongOnce(with_(`${keyed}\nkey_env = "K"`), "there is key_env already", "key_file");
  wrongOnce(with_(keyed.replace("www.example.com", "www.example.org")), "not within the zone");
  wrongOnce(with_(`${keyed}\nalgorithm = "hmac-md5"`), "hmac-sha256");
  wrongOnce(with_(`${keyed}\nrecord_type = "CNAME"`), "record_type");
});

Deno.test("a secret in the config is accepted with a warning, and shown nowhere", () => {
  const base = 'api_url = "http://127.0.0.1:8081"\nzone = "example.com"\nname = "www.example.com"';
  const with_ = (text: string): string =>
    CLUSTER + service({ rest: `[[services.publish]]\ntype = "powerdns"\n${text}` });
  const config = right(with_(`${base}\napi_key = "hunter2"`));
  assert.match(config.warnings.join(), /a secret in the config itself; api_key_file or api_key_env is safer/);
  assert(!JSON.stringify([config, [...config.flat]]).includes("hunter2"));
  wrongOnce(with_(base), "api_key_file: is missing");
  for (const text of wrong(with_(`${base}\napi_key = "hunter2 \\u0007"`))) assert(!text.includes("hunter2"));
});

Deno.test("a secret that would cross the network in the clear is warned of, and only then", () => {
  const said = (type: string, rest: string): boolean => {
    const { warnings } = right(
      CLUSTER + service({ rest: `[[services.publish]]\ntype = "${type}"\n${rest}` }),
    );
    return warnings.some((warning) => warning.includes("goes over the network in the clear: use https://"));
  };
  const powerdns = (url: string): string =>
    `zone = "example.com"\nname = "www.example.com"\napi_key_env = "KEY"\napi_url = "${url}"`;
  assert.equal(said("powerdns", powerdns("http://10.0.0.9:8081")), true);
  for (const host of ["https://10.0.0.9", "http://127.0.0.1:8081", "http://[::1]:8081", "http://localhost"]) {
    assert.equal(said("powerdns", powerdns(host)), false, host);
  }
  const cloud = 'domain = "example.com"\nrecord = "web"\nrecord_type = "A"\ntoken_env = "T"\n';
  assert.equal(said("digitalocean-dns", `${cloud}api_url = "http://proxy.example.com"`), true);
  assert.equal(said("digitalocean-dns", cloud), false);
  assert.equal(said("webhook", 'url = "http://10.0.0.9/x"\ntoken_env = "T"'), true);
  assert.equal(said("webhook", 'url = "http://10.0.0.9/x"'), false);
});

Deno.test("notifications are a web address or a program, about known events", () => {
  const config = right(
    `${CLUSTER}${service()}[[notify]]\ntype = "exec"\ncommand = ["tell"]\nevents = ["switch"]\n` +
      '[[notify]]\ntype = "webhook"\nurl = "https://h.example.com"',
  );
  assert.deepEqual(config.notify.map(({ type, events }) => [type, events.length]), [["exec", 1], [
    "webhook",
    5,
  ]]);
  wrongOnce(`${CLUSTER}[[notify]]\ntype = "webhook"\nurl = "h.example.com"`, "begins with https://");
  wrongOnce(
    `${CLUSTER}[[notify]]\ntype = "exec"\ncommand = ["t"]\nevents = ["swich"]`,
    'did you mean "switch"?',
  );
});

Deno.test("a cloud publisher needs a token, a record that fits the targets, and a TTL that its provider takes", () => {
  const cloud = (type: string, more = "", token = 'token_env = "DNS_TOKEN"'): string =>
    CLUSTER + service({
      rest: `[[services.publish]]\ntype = "${type}"\ndomain = "example.com"\nrecord = "web"\n` +
        `record_type = "A"\n${token}\n${more}\n`,
    });
  const [built] = right(cloud("digitalocean-dns")).services[0]?.publish ?? [];
  assert(built?.type === "digitalocean-dns");
  assert.deepEqual([built.name, built.ttlMs, built.token], [
    "web.example.com",
    30_000,
    { kind: "env", variable: "DNS_TOKEN" },
  ]);
  wrongOnce(cloud("digitalocean-dns", 'ttl = "20s"'), "takes no TTL below 30s");
  wrongOnce(cloud("gandi", 'ttl = "1m"'), "takes no TTL below 5m");
  assert.match(right(cloud("desec", 'ttl = "1m"')).warnings.join(), /no TTL below 1h, unless your account/);
  wrongOnce(cloud("cloudflare", "", ""), "is missing: the token of the API");
  wrongOnce(cloud("cloudflare").replace('record_type = "A"', 'record_type = "CNAME"'), "which takes A");
  assert.match(wrong(cloud("route53")).join(), /zone_id: is missing[^]*access_key_id: is missing/);
  const inline = right(cloud("hetzner-dns", "", 'token = "s3cr3t-token"'));
  assert.match(inline.warnings.join(), /a secret in the config itself/);
  assert(!JSON.stringify([inline, [...inline.flat]]).includes("s3cr3t-token"));
});

function rehearsed(config: Config): number | null | undefined {
  const publisher = config.services[0]?.publish[0];
  return publisher === undefined || publisher.type === "dns" ? undefined : publisher.rehearseMs;
}

Deno.test("a publisher is verified at the authoritative servers and at resolvers named by their address", () => {
  const base = 'server = "192.0.2.53"\nzone = "example.com"\nname = "www.example.com"\n';
  const with_ = (text: string): string =>
    CLUSTER + service({ rest: `[[services.publish]]\ntype = "rfc2136"\n${base}${text}` });
  const read = right(with_('verify = ["authoritative", "resolver 1.1.1.1", "resolver [2001:db8::1]:5353"]'));
  const publisher = read.services[0]?.publish[0];
  assert.deepEqual(publisher !== undefined && "verify" in publisher && publisher.verify, [
    { kind: "authoritative" },
    { kind: "resolver", host: "1.1.1.1", port: 53 },
    { kind: "resolver", host: "2001:db8::1", port: 5353 },
  ]);
  wrongOnce(with_('verify = ["everyone"]'), "this is no place to ask");
  wrongOnce(with_('verify = ["resolver dns.example"]'), "named by its IP address");
});

Deno.test("an address that moves needs a machine of its own for each target", () => {
  const with_ = (text: string, type = "digitalocean-reserved-ip", base = 'ip = "203.0.113.9"\n'): string =>
    CLUSTER + service({ rest: `[[services.publish]]\ntype = "${type}"\n${base}token_env = "T"\n${text}` });
  assert.deepEqual(right(with_("droplets = { a = 31, b = 32 }")).services[0]?.publish, [{
    type: "digitalocean-reserved-ip",
    name: "203.0.113.9",
    machines: { a: 31, b: 32 },
    token: { kind: "env", variable: "T" },
    apiUrl: null,
    timeoutMs: 15_000,
    onDrift: "repair",
    rehearseMs: null,
  }]);
  const hetzner = right(with_("servers = { a = 31, b = 32 }", "hetzner-floating-ip"));
  assert.equal(rehearsed(hetzner), 86_400_000);
  assert(
    [...hetzner.flat.values()].some((leaf) => leaf.includes("a = 31, b = 32")),
    "a node that differs is named",
  );
  wrongOnce(with_("droplets = { a = 31 }"), 'the target "b" is missing');
  wrongOnce(with_("droplets = { a = 31, b = 31 }"), '"a" is on 31 too');
  wrongOnce(with_("droplets = { a = 31, b = 32, c = 33 }"), "droplets.c: there is no such target");
  wrongOnce(
    with_('droplets = { a = 31, b = "32" }'),
    "the provider's number is needed",
    "without the quotes",
  );
  wrongOnce(
    with_("servers = { a = 31, b = 32 }", "hetzner-floating-ip", 'ip = "203.0.113"\n'),
    "IPv6 address is needed",
  );
  wrongOnce(
    with_("droplets = { a = 31, b = 32 }", undefined, 'ip = "2001:db8::1"\n'),
    "an IPv4 address is needed",
  );
  const same = with_("droplets = { a = 31, b = 32 }").replaceAll(
    /address = "10.0.[12].20"/g,
    '$&\npublish = "203.0.113.9"',
  );
  wrongOnce(same, 'both publish "203.0.113.9": a switch between them would move nothing');
  const twice = with_("droplets = { a = 31, b = 32 }");
  const second = twice.slice(twice.indexOf("[[services.publish]]"));
  wrongOnce(`${twice}\n${second}`, "moves this address already");
  wrongOnce(twice.replace('token_env = "T"', ""), "is missing: the token of the API");
});
