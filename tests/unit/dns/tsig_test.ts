import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { decodeMessage } from "../../../src/dns/decode.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Message, plainHeader, queryFor, RCODE } from "../../../src/dns/message.ts";
import { type Name, parseName } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/record.ts";
import {
  signMessage,
  TSIG_ALGORITHMS,
  TSIG_ERROR,
  type TsigKey,
  verifyMessage,
} from "../../../src/dns/tsig.ts";

const NOW_S = 1_795_571_510;

function name(text: string): Name {
  const parsed = parseName(text);
  assert(parsed.ok);
  return parsed.value;
}

const KEY: TsigKey = {
  name: name("Upd.example"),
  algorithm: "hmac-sha256",
  secret: new TextEncoder().encode("0123456789abcdef"),
};

const QUERY = encodeMessage(queryFor(0x1234, name("www.example.test"), TYPE.A)).bytes;

function response(): Uint8Array {
  const message: Message = {
    ...queryFor(0x1234, name("www.example.test"), TYPE.A),
    ...plainHeader(0x1234),
    response: true,
  };
  return encodeMessage(message).bytes;
}

function problem(bytes: Uint8Array, key = KEY, nowS = NOW_S, requestMac: Uint8Array | null = null): unknown {
  const verified = verifyMessage(bytes, key, { nowS, requestMac });
  return verified.ok ? "fine" : verified.error;
}

Deno.test("what one side signs the other takes, with every algorithm, and gets the message back as it was", () => {
  for (const algorithm of TSIG_ALGORITHMS) {
    const key = { ...KEY, algorithm };
    const { bytes, mac } = signMessage(QUERY, key, { nowS: NOW_S });
    const verified = verifyMessage(bytes, { ...key, name: name("upd.EXAMPLE") }, { nowS: NOW_S + 300 });
    assert(verified.ok);
    assert.deepEqual(verified.value, { bytes: QUERY, mac });
    const decoded = decodeMessage(bytes);
    assert(decoded.ok);
    assert.equal(decoded.value.additionals.at(-1)?.type, TYPE.TSIG);
  }
});

Deno.test("RFC 8945 section 4.3: the MAC is over the message, then the key's name, ANY, 0, algorithm, time ...", () => {
  const { mac } = signMessage(QUERY, KEY, { nowS: NOW_S });
  const hmac = createHmac("sha256", KEY.secret);
  hmac.update(QUERY);
  hmac.update("\x03upd\x07example\0\x00\xff\0\0\0\0\x0bhmac-sha256\0", "latin1");
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(NOW_S));
  hmac.update(time.subarray(2));
  hmac.update(Uint8Array.from([300 >> 8, 300 & 0xff, 0, 0, 0, 0]));
  assert.deepEqual(mac, new Uint8Array(hmac.digest()));
});

Deno.test("any octet changed is seen", () => {
  const { bytes } = signMessage(QUERY, KEY, { nowS: NOW_S });
  for (let i = 2; i < bytes.length; i++) {
    const changed = bytes.slice();
    changed[i] = (changed[i] ?? 0) ^ 0x40;
    assert.notEqual(problem(changed), "fine", `octet ${i}`);
  }
});

Deno.test("another key, another secret and another time are told apart", () => {
  const { bytes } = signMessage(QUERY, KEY, { nowS: NOW_S });
  assert.deepEqual(problem(bytes, { ...KEY, name: name("other") }), { kind: "bad-key", name: "Upd.example" });
  assert.deepEqual(problem(bytes, { ...KEY, algorithm: "hmac-sha512" }), {
    kind: "bad-key",
    name: "Upd.example",
  });
  assert.deepEqual(problem(bytes, { ...KEY, secret: new Uint8Array(16) }), { kind: "bad-sig" });
  assert.equal(problem(bytes, KEY, NOW_S - 300), "fine");
  assert.deepEqual(problem(bytes, KEY, NOW_S - 301), { kind: "bad-time", aheadS: 301 });
  assert.deepEqual(problem(bytes, KEY, NOW_S + 301), { kind: "bad-time", aheadS: -301 });
  assert.deepEqual(problem(QUERY), { kind: "unsigned" });
  assert.deepEqual(problem(bytes.subarray(0, bytes.length - 1)), { kind: "malformed" });
});

Deno.test("an answer belongs to one request", () => {
  const request = signMessage(QUERY, KEY, { nowS: NOW_S });
  const other = signMessage(QUERY, KEY, { nowS: NOW_S + 1 });
  const { bytes } = signMessage(response(), KEY, { nowS: NOW_S, requestMac: request.mac });
  assert.equal(problem(bytes, KEY, NOW_S, request.mac), "fine");
  assert.deepEqual(problem(bytes, KEY, NOW_S, other.mac), { kind: "bad-sig" });
  assert.deepEqual(problem(bytes), { kind: "bad-sig" });
});

Deno.test("a server's BADTIME is signed and carries its clock", () => {
  const request = signMessage(QUERY, KEY, { nowS: NOW_S });
  const options = { nowS: NOW_S + 5000, requestMac: request.mac, error: TSIG_ERROR.BADTIME };
  const { bytes } = signMessage(response(), KEY, options);
  const expected = { kind: "refused", error: TSIG_ERROR.BADTIME, serverS: NOW_S + 5000 };
  assert.deepEqual(problem(bytes, KEY, NOW_S, request.mac), expected);
  assert.equal(RCODE.NOTAUTH, 9);
});

Deno.test("no bytes make it throw", () => {
  const { bytes } = signMessage(QUERY, KEY, { nowS: NOW_S });
  for (let length = 0; length < bytes.length; length++) {
    assert.notEqual(problem(bytes.subarray(0, length)), "fine");
  }
});
