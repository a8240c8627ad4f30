/** Certificates for tests, made by openssl in a temporary folder. */
import assert from "node:assert/strict";

export interface Certificates {
  readonly folder: string;
  readonly caFile: string;
  /** Key and certificate of a server or client, as PEM. */
  of(name: "good" | "other" | "expired" | "self" | "soon"): { readonly key: string; readonly cert: string };
}

/** `good` is for web.example and 127.0.0.1, `other` for other.example, `expired` ended 3 days ago, `soon` in 5. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  const day = 86_400_000;
  const names = "DNS:web.example,IP:127.0.0.1";
  await Deno.writeTextFile(`${folder}/ca.cnf`, CA_CONFIG);
  await Deno.writeTextFile(`${folder}/index.txt`, "");
  await Deno.writeTextFile(`${folder}/serial`, "01\n");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const selfSigned = ["req", "-x509", ...key, "-days", "30"];
  await openssl(folder, [...selfSigned, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"]);
  const self = ["-keyout", "self.key", "-out", "self.pem", "-subj", "/CN=web.example"];
  await openssl(folder, [...selfSigned, ...self, "-addext", `subjectAltName=${names}`]);
  const now = Date.now();
  const make = async (name: string, altNames: string, endsAt: number): Promise<void> => {
    await Deno.writeTextFile(`${folder}/${name}.ext`, `subjectAltName=${altNames}\n`);
    const request = ["req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`];
    await openssl(folder, request);
    const dates = ["-startdate", stamp(now - 40 * day), "-enddate", stamp(endsAt)];
    const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`, "-notext"];
    const ca = ["ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"];
    await openssl(folder, [...ca, ...files, ...dates]);
  };
  await make("good", names, now + 30 * day);
  await make("other", "DNS:other.example", now + 30 * day);
  await make("expired", names, now - 3 * day - 3_600_000);
  await make("soon", names, now + 5 * day + 3_600_000);
  return {
    folder,
    caFile: `${folder}/ca.pem`,
    of: (name): { key: string; cert: string } => ({
      key: Deno.readTextFileSync(`${folder}/${name}.key`),
      cert: Deno.readTextFileSync(`${folder}/${name}.pem`),
    }),
  };
}

const CA_CONFIG = `[ca]
default_ca = d
[d]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
`;

async function openssl(folder: string, args: readonly string[]): Promise<void> {
  const ran = await new Deno.Command("openssl", {
    args: [...args],
    cwd: folder,
    stdout: "null",
    stderr: "piped",
  })
    .output();
  assert.equal(ran.code, 0, new TextDecoder().decode(ran.stderr));
}

/** `YYYYMMDDHHMMSSZ`. */
function stamp(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
}
