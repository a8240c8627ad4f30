import assert from "node:assert/strict";
import type { CheckConfig } from "../../../src/config/config.ts";
import { CLUSTER, right, service, wrong, wrongOnce } from "./sample.ts";

/** A config with this check. */
function text(type: string, options = ""): string {
  return CLUSTER + service().replace('type = "tcp"\nport = 80', `type = "${type}"\n${options}`);
}

function check(type: string, options = ""): CheckConfig {
  const found = right(text(type, options)).services[0]?.check;
  assert(found !== undefined);
  return found;
}

const TIMING = { intervalMs: 1000, fastIntervalMs: 250, timeoutMs: 800, fall: 3, rise: 2 };
const TLS = {
  verify: true,
  caFile: null,
  serverName: null,
  clientCertFile: null,
  clientKeyFile: null,
  expireWarningMs: 14 * 86_400_000,
};

Deno.test("each type of check has its defaults", () => {
  assert.deepEqual(check("tls"), { type: "tls", port: 443, ...TIMING, tls: TLS });
  assert.deepEqual(check("udp", 'port = 53\nsend = "ping"'), {
    type: "udp",
    port: 53,
    ...TIMING,
    send: "ping",
    expect: null,
  });
  assert.deepEqual(check("dns", 'query = "example.com"'), {
    type: "dns",
    port: 53,
    ...TIMING,
    query: "example.com",
    record: "A",
    expect: [],
  });
  assert.deepEqual(check("grpc", "port = 50051"), {
    type: "grpc",
    port: 50051,
    ...TIMING,
    service: "",
    tls: null,
  });
  assert.deepEqual(check("exec", 'command = ["true"]'), {
    type: "exec",
    port: null,
    ...TIMING,
    command: ["true"],
    env: {},
  });
});

Deno.test("what each type needs is asked for", () => {
  wrongOnce(text("udp", "port = 1"), "send: is missing");
  wrongOnce(text("dns"), "query: is missing");
  wrongOnce(text("exec"), "command: is missing");
  for (const [type, options] of [["udp", 'send = "x"'], ["grpc", ""]] as const) {
    const problems = wrong(text(type, options));
    assert.equal(problems.length, 2, "for each of the two targets");
    assert.match(problems.join(), new RegExp(`a ${type} check needs a port`));
  }
  wrongOnce(text("exec", 'command = ["true"]\nport = 5'), "unknown key");
});

Deno.test("send and expect are a text or a list of bytes", () => {
  const tcp = check("tcp", "port = 1\nsend = [0x00, 255]\nexpect = [0x01]");
  assert.deepEqual(tcp.type === "tcp" && [tcp.send, tcp.expect], [[0, 255], [1]]);
  assert.deepEqual(
    right(text("tcp", 'port = 1\nsend = "PING\\r\\n"\nexpect = "^\\\\+PONG"')).warnings.length,
    1,
  );
  wrongOnce(text("tcp", "port = 1\nsend = [256]"), "a whole number from 0 to 255");
  wrongOnce(text("tcp", "port = 1\nsend = []"), "at least 1 needed");
  wrongOnce(text("udp", 'port = 1\nsend = "x"\nexpect = "("'), "not a regular expression");
  wrongOnce(text("udp", "port = 1\nsend = 5"), "a text in quotes is needed");
});

Deno.test("dns: a value that no such record can have is refused", () => {
  const dns = (options: string): string => text("dns", `query = "web.example.com"\n${options}`);
  assert.ok(right(dns('record = "AAAA"\nexpect = ["2001:db8::1"]')));
  assert.ok(right(dns('record = "TXT"\nexpect = "anything at all"')));
  wrongOnce(
    dns('expect = "2001:db8::1"'),
    'expect: found "2001:db8::1"; a record of type A has an IPv4 address',
  );
  wrongOnce(
    dns('record = "AAAA"\nexpect = ["::1", "10.0.0.1"]'),
    "a record of type AAAA has an IPv6 address",
  );
  wrongOnce(dns('record = "CNAME"\nexpect = "a..b"'), "a record of type CNAME has a domain name");
  wrongOnce(dns('record = "AA"'), 'did you mean "A"?');
  wrongOnce(text("dns", 'query = "a..b"'), "empty label");
  assert.ok(right(text("dns", 'query = "."\nrecord = "NS"')));
});

Deno.test("grpc: the keys of TLS need tls = true; a client certificate needs its key", () => {
  const grpc = check("grpc", 'port = 1\ntls = true\nserver_name = "g.example.com"\nservice = "shop.Cart"');
  assert.ok(grpc.type === "grpc");
  assert.deepEqual([grpc.service, grpc.tls], ["shop.Cart", { ...TLS, serverName: "g.example.com" }]);
  wrongOnce(text("grpc", 'port = 1\nserver_name = "g.example.com"'), "it means nothing without tls = true");
  wrongOnce(text("tls", 'client_key_file = "k.pem"'), "client_cert_file is needed with it");
  assert.match(right(text("tls", "verify = false")).warnings.join(), /whoever answers counts as the target/);
});

Deno.test("exec: a list of words and variables; what may be secret stays so", () => {
  const exec = (env: string): string => text("exec", `command = ["/opt/check", "-v"]\nenv = ${env}`);
  const config = right(exec('{ PGPASSWORD = "hunter2hunter2" }'));
  const found = config.services[0]?.check;
  assert.deepEqual(found?.type === "exec" && [found.command, found.env], [
    ["/opt/check", "-v"],
    { PGPASSWORD: "hunter2hunter2" },
  ]);
  assert.doesNotMatch(JSON.stringify([...config.flat]), /hunter2/);
  assert.match(JSON.stringify([...config.flat]), /PGPASSWORD/);
  wrongOnce(exec('{ "A-B" = "x" }'), "this is not a name of a variable");
  wrongOnce(exec('{ ABFAIL_TARGET = "x" }'), "are set by abfail itself");
  wrongOnce(exec("{ A = 1 }"), "a text in quotes is needed");
  wrongOnce(exec('"A=1"'), "a table is needed");
  wrongOnce(text("exec", 'command = "true -v"'), 'write command = ["true", "-v"]');
});

Deno.test("each leaf of a check tells two configs apart", () => {
  const pairs: readonly (readonly [string, string, string])[] = [
    ["http", "http2 = true", "http2 = false"],
    ["tls", 'expire_warning = "1d"', 'expire_warning = "2d"'],
    ["udp", 'port = 1\nsend = "a"', 'port = 1\nsend = "b"'],
    ["udp", "port = 1\nsend = [1]", "port = 1\nsend = [2]"],
    ["dns", 'query = "a"', 'query = "b"'],
    ["dns", 'query = "a"\nrecord = "MX"', 'query = "a"\nrecord = "NS"'],
    ["grpc", "port = 1\ntls = true", "port = 1"],
    ["exec", 'command = ["a"]\nenv = { A = "1" }', 'command = ["a"]\nenv = { A = "2" }'],
  ];
  for (const [type, one, other] of pairs) {
    const leaves = (options: string): string => JSON.stringify([...right(text(type, options)).flat]);
    assert.notEqual(leaves(one), leaves(other), `${type}: ${one}`);
  }
});
