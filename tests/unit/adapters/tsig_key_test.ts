import assert from "node:assert/strict";
import { readTsigKey } from "../../../src/adapters/tsig_key.ts";
import { secret } from "../../../src/config/secret.ts";

const BASE64 = btoa("0123456789abcdef0123456789abcdef");

/** What is read where the key's text is this. */
async function read(text: string): Promise<string> {
  const source = { kind: "inline", secret: secret(text) } as const;
  const key = await readTsigKey({ name: "abfail", algorithm: "hmac-sha256", secret: source });
  return key.ok ? new TextDecoder().decode(key.value.secret) : `! ${key.error}`;
}

Deno.test("a TSIG key is base64, or the file that tsig-keygen writes", async () => {
  const right = "0123456789abcdef0123456789abcdef";
  assert.equal(await read(BASE64), right);
  assert.equal(await read(`key "abfail" {\n\talgorithm hmac-sha256;\n\tsecret "${BASE64}";\n};\n`), right);
  assert.equal(await read(`key ABFAIL. { secret ${BASE64}; algorithm "HMAC-SHA256"; };`), right);
});

Deno.test("a key file that says otherwise than the config is told so, and shows nothing of the secret", async () => {
  assert.equal(
    await read(`key "other" { algorithm hmac-sha256; secret "${BASE64}"; };`),
    "! the TSIG key in the file is named other, the config says abfail",
  );
  assert.equal(
    await read(`key "abfail" { algorithm hmac-md5; secret "${BASE64}"; };`),
    "! the TSIG key abfail in the file is for hmac-md5, the config says hmac-sha256",
  );
  assert.equal(await read('key "abfail" { algorithm hmac-sha256; };'), "! the TSIG key abfail is not base64");
  assert.equal(await read("no key!"), "! the TSIG key abfail is not base64");
});
