import assert from "node:assert/strict";
import { decodeMessage } from "../../../src/dns/decode.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { OPCODE } from "../../../src/dns/message.ts";
import { formatName, type Name, parseName } from "../../../src/dns/name.ts";
import {
  CLASS,
  formatData,
  type RecordData,
  type ResourceRecord,
  TYPE,
  typeName,
} from "../../../src/dns/record.ts";
import { updateMessage } from "../../../src/dns/update.ts";

function name(text: string): Name {
  const parsed = parseName(text);
  assert(parsed.ok);
  return parsed.value;
}

const WWW = name("www.example.test");
const A: RecordData = { kind: "A", address: Uint8Array.from([192, 0, 2, 1]) };

/** `owner class type ttl data`. */
function line({ name, class: klass, type, ttl, data }: ResourceRecord): string {
  const classes = Object.entries(CLASS).find(([, code]) => code === klass)?.[0];
  return `${formatName(name)} ${classes} ${typeName(type)} ${ttl} ${formatData(data)}`;
}

Deno.test("RFC 2136 sections 2.4 and 2.5: each condition and change as it goes over the wire", () => {
  const message = updateMessage(7, name("example.test"), [
    { kind: "is", name: WWW, type: TYPE.A, data: [A] },
    { kind: "exists", name: WWW, type: TYPE.A },
    { kind: "absent", name: WWW, type: TYPE.TXT },
    { kind: "name-in-use", name: WWW },
    { kind: "name-not-in-use", name: WWW },
  ], [
    { kind: "add", rrset: { name: WWW, type: TYPE.A, ttl: 30, data: [A] } },
    { kind: "delete-rrset", name: WWW, type: TYPE.CNAME },
    { kind: "delete-name", name: WWW },
    { kind: "delete-record", name: WWW, type: TYPE.A, data: A },
  ]);
  const decoded = decodeMessage(encodeMessage(message).bytes);
  assert(decoded.ok);
  const { opcode, questions, answers, authorities } = decoded.value;
  assert.equal(opcode, OPCODE.UPDATE);
  assert.deepEqual(questions.map(({ type, class: klass }) => [type, klass]), [[TYPE.SOA, CLASS.IN]]);
  assert.deepEqual(answers.map(line), [
    "www.example.test IN A 0 192.0.2.1",
    "www.example.test ANY A 0 \\# 0",
    "www.example.test NONE TXT 0 \\# 0",
    "www.example.test ANY ANY 0 \\# 0",
    "www.example.test NONE ANY 0 \\# 0",
  ]);
  assert.deepEqual(authorities.map(line), [
    "www.example.test IN A 30 192.0.2.1",
    "www.example.test ANY CNAME 0 \\# 0",
    "www.example.test ANY ANY 0 \\# 0",
    "www.example.test NONE A 0 192.0.2.1",
  ]);
});
