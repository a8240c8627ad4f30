import assert from "node:assert/strict";
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from "../../../src/dns/address.ts";

Deno.test("IPv4 is four decimal numbers up to 255 and nothing else", () => {
  assert.deepEqual([...parseIpv4("192.0.2.255")!], [192, 0, 2, 255]);
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1.2.3.4 ",
      "1.2.3.",
      "0x1.2.3.4",
      "1.2.3.-4",
    ]
  ) {
    assert.equal(parseIpv4(text), null, text);
  }
  assert.equal(formatIpv4(parseIpv4("10.0.0.1")!), "10.0.0.1");
});

Deno.test("IPv6 is read in all its forms and written in the canonical one", () => {
  const forms: [string, string][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"],
  ];
  for (const [text, canonical] of forms) {
    const octets = parseIpv6(text);
    assert(octets !== null, text);
    assert.equal(formatIpv6(octets), canonical);
  }
});

Deno.test("what only looks like IPv6 is refused", () => {
  for (
    const text of [
      "",
      ":",
      ":::",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "::1::",
      "12345::",
      "g::",
      "::1%eth0",
      "[::1]",
      "192.0.2.1",
      "::192.0.2.1:1",
      "192.0.2.1::",
      "1:",
      ":1",
      "::192.0.2.01",
    ]
  ) {
    assert.equal(parseIpv6(text), null, text);
  }
});
