/** Every secret of a big config carries a mark; a real cluster lives through failures; no mark comes out anywhere. */
import assert from "node:assert/strict";
import { makeCertificates } from "../integration/certificates.ts";
import { abfail, runProgram } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

/** Marks by the key that holds them: base64 letters alone, so that each fits wherever a secret does. */
function marks(): { readonly of: (key: string) => string; readonly all: ReadonlyMap<string, string> } {
  const all = new Map<string, string>();
  const of = (key: string): string => {
    const known = all.get(key) ?? `MARK${String(all.size).padStart(2, "0")}${randomLetters(18)}`;
    all.set(key, known);
    return known;
  };
  return { of, all };
}

function randomLetters(count: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return [...crypto.getRandomValues(new Uint8Array(count))].map((n) => letters[n % letters.length]).join("");
}

/** Answers everything badly, and says back all that it was told. */
function startParrot(): Deno.HttpServer<Deno.NetAddr> {
  let n = 0;
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, async (request) => {
    const heard = [...request.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const text = JSON.stringify({
      success: false,
      message: `no: ${heard}`,
      errors: [{ code: 1, message: `${request.url} ${heard}` }],
      error: { message: heard, errors: [{ message: heard }] },
      detail: `${heard} ${await request.text()}`,
    });
    n += 1;
    return new Response(text, { status: [401, 403, 500, 200, 429, 404][n % 6] as number });
  });
}

Deno.test("no secret of the config comes out: log, status, metrics, events, record, page, check, errors, process", async () => {
  const secrets = marks();
  const certificates = await makeCertificates();
  const privateKey = certificates.of("good").key.split("\n")[1] as string;
  const key = (name: string): string => btoa(`${secrets.of(name)}........`.slice(0, 32).padEnd(32, "."));
  const clusterKeys = ["cluster.keys[0]", "cluster.keys[1]"].map(key);
  const parrot = startParrot();
  const web = `http://127.0.0.1:${parrot.addr.port}`;
  const cloud = (type: string, more = ""): string =>
    `[[services.publish]]\ntype = "${type}"\ndomain = "example.com"\nrecord = "web"\nrecord_type = "A"
token = "${secrets.of(`${type}.token`)}"\napi_url = "${web}"\nrehearse = "1h"\n${more}`;
  await using cluster = new TestCluster({
    stateDir: true,
    api: (folder) => `token_file = "${folder}/token"\nsocket = "${folder}/api-1.sock"\n`,
    check: `type = "http"\nheaders = { authorization = "Basic ${secrets.of("check.headers")}" }
interval = "200ms"\nfast_interval = "100ms"\ntimeout = "400ms"\nfall = 2\nrise = 2`,
    publish: (folder) =>
      [
        `[[services.publish]]\ntype = "rfc2136"\nserver = "127.0.0.1:1"\nzone = "example.com"
name = "a.example.com"\nkey_name = "k"\nkey = "${btoa(secrets.of("rfc2136.key"))}"\n`,
        `[[services.publish]]\ntype = "powerdns"\napi_url = "${web}"\nzone = "example.com"\nname = "b.example.com"
api_key = "${secrets.of("powerdns.api_key")}"\n`,
        `[[services.publish]]\ntype = "webhook"\nurl = "${web}/${secrets.of("webhook.url")}"
read_url = "http://no.such.host.invalid/${secrets.of("webhook.read_url")}"\ntoken = "${
          secrets.of("webhook.token")
        }"
headers = { x-key = "${secrets.of("webhook.headers")}" }\n`,
        `[[services.publish]]\ntype = "webhook"\nname = "file"\nurl = "http://127.0.0.1:1/x"
token_file = "${folder}/hook"\n`,
        ...["digitalocean-dns", "cloudflare", "hetzner-dns", "desec", "gandi"].map((type, i) =>
          cloud(type, i === 3 ? 'ttl = "1h"\n' : i === 4 ? 'ttl = "5m"\n' : "").replace(
            'record = "web"',
            `record = "c${i}"`,
          )
        ),
        cloud("route53", 'zone_id = "Z1"\naccess_key_id = "AKIA1"\n').replace(
          'record = "web"',
          'record = "r"',
        ),
        cloud("google-dns", 'project = "p"\nmanaged_zone = "z"\n').replace('record = "web"', 'record = "g"'),
        ...[["digitalocean-reserved-ip", "droplets"], ["hetzner-floating-ip", "servers"]].map((
          [type = "", key],
          i,
        ) =>
          `[[services.publish]]\ntype = "${type}"\nip = "203.0.113.${i}"\napi_url = "${web}"\n${key} = { web-a = 31, web-b = 32 }
token = "${secrets.of(`${type}.token`)}"\n`
        ),
        `[[services]]\nname = "other"\n[services.check]\ntype = "tcp"\nport = 1\ninterval = "300ms"
send = "AUTH ${
          secrets.of("check.send")
        }"\nexpect = "OK"\n[[services.targets]]\nname = "t"\naddress = "127.0.0.1"\n`,
        `[[services]]\nname = "secure"\n[services.check]\ntype = "https"\nport = ${parrot.addr.port}\ninterval = "300ms"
client_cert_file = "${certificates.folder}/good.pem"\nclient_key_file = "${certificates.folder}/good.key"
[[services.targets]]\nname = "t"\naddress = "127.0.0.1"\n`,
        `[[services]]\nname = "program"\n[services.check]\ntype = "exec"
command = ["/bin/sh", "-c", "env >&2; env; exit 1"]\ninterval = "300ms"
env = { SECRET = "${secrets.of("check.env")}" }\n[[services.targets]]\nname = "t"\naddress = "127.0.0.1"\n`,
        `[[notify]]\ntype = "webhook"\nurl = "${web}/${secrets.of("notify.url")}"\n`,
        `[[notify]]\ntype = "webhook"\nurl = "http://no.such.host.invalid/${secrets.of("notify.lost")}"\n`,
      ].join(""),
  });
  const { folder } = cluster;
  const came: [string, string][] = [];
  const take = (from: string, ran: { readonly stdout: string; readonly stderr: string }): void => {
    came.push([`${from} (stdout)`, ran.stdout], [`${from} (stderr)`, ran.stderr]);
  };
  try {
    Deno.writeTextFileSync(`${folder}/token`, secrets.of("api.token_file"), { mode: 0o600 });
    Deno.writeTextFileSync(`${folder}/hook`, secrets.of("publish.token_file"), { mode: 0o600 });
    for (const id of [1, 2, 3]) {
      const text = Deno.readTextFileSync(cluster.configFile(id))
        .replace(/^keys = .*$/m, `keys = [${clusterKeys.map((one) => `"${one}"`)}]`)
        .replace("api-1.sock", `api-${id}.sock`);
      Deno.writeTextFileSync(cluster.configFile(id), text);
    }
    const file = cluster.configFile(1);
    take("check", await abfail(["check", "--config", file]));
    take("check --json", await abfail(["check", "--config", file, "--json"]));
    const old = `${folder}/old.toml`;
    Deno.writeTextFileSync(old, Deno.readTextFileSync(file).replaceAll(/MARK\d\d/g, (mark) => `${mark}x`));
    take("check --against", await abfail(["check", "--config", file, "--against", old]));
    take("check --against --json", await abfail(["check", "--config", file, "--against", old, "--json"]));

    cluster.startServices();
    cluster.start(1, 2, 3);
    await cluster.until(
      "a target is active",
      async () => (await cluster.status(1))?.services[0]?.active === "web-a",
    );
    await cluster.until("publishers fail", async () => {
      const publishers = (await cluster.status(1))?.services[0]?.publishers ?? [];
      return publishers.filter(({ error }) => error !== null).length >= 10;
    });
    await cluster.service("web-a").stop();
    await cluster.until(
      "it fails over",
      async () => (await cluster.status(1))?.services[0]?.active === "web-b",
    );
    // A wrong config on reload, with marks in the wrong places.
    const right = Deno.readTextFileSync(file);
    const wrong = right.replace(/^keys = \["/m, 'keys = ["!').replaceAll('token = "MARK', 'token = "a MARK')
      .replaceAll('url = "http', 'url = "htp').replaceAll("token_file = ", "token_env = ");
    Deno.writeTextFileSync(file, wrong);
    const since = performance.now();
    cluster.node(1).kill("SIGHUP");
    await cluster.untilLogged(1, "reload", since);
    take("check of a wrong config", await abfail(["check", "--config", file]));
    take("status of a wrong config", await abfail(["status", "--config", file]));
    Deno.writeTextFileSync(file, right);

    for (const id of [1, 2, 3]) {
      for (
        const path of ["/v1/status", "/v1/events", "/metrics", "/", "/v1/services/web", "/healthz", "/leader"]
      ) {
        came.push([`node ${id} ${path}`, (await cluster.get(id, path))?.text ?? ""]);
      }
      const { pid } = cluster.node(id);
      for (const name of ["cmdline", "comm"]) {
        came.push([`node ${id} /proc/PID/${name}`, Deno.readTextFileSync(`/proc/${pid}/${name}`)]);
      }
    }
    const api = ["--api", cluster.apiOf(1)];
    const env = { ABFAIL_TOKEN: secrets.of("api.token_file") };
    take("status", await abfail(["status", ...api]));
    take("status --json", await abfail(["status", ...api, "--json"]));
    take("events", await abfail(["events", ...api]));
    take("unpin", await abfail(["unpin", "web", ...api], { env }));
    take(
      "unpin, wrong token",
      await abfail(["unpin", "web", ...api], { env: { ABFAIL_TOKEN: secrets.of("wrong") } }),
    );
    take(
      "unpin, bad token",
      await abfail(["unpin", "web", ...api], { env: { ABFAIL_TOKEN: `${secrets.of("bad")} é` } }),
    );
    take("record", await abfail(["record", "-o", `${folder}/record.jsonl`, ...api], { env }));
    came.push(["the recording", Deno.readTextFileSync(`${folder}/record.jsonl`)]);
    take("replay", await abfail(["simulate", "--replay", `${folder}/record.jsonl`, "--config", file]));
    // Not `program`: what a program of the user prints is the user's own word.
    for (const service of ["web", "other", "secure"]) {
      take(`probe ${service}`, await abfail(["probe", service, "--config", file]));
      take(`probe ${service} --json`, await abfail(["probe", service, "--config", file, "--json"]));
    }
    const curl = await runProgram("curl", [
      ...["-sS", "-i", "-H", `Authorization: Bearer ${secrets.of("guess")}`, "-X", "POST"],
      `${cluster.apiOf(1)}/v1/services/web/unpin`,
    ]);
    take("a wrong token by curl", curl);

    for (const id of [1, 2, 3]) {
      cluster.node(id).kill("SIGTERM");
      await cluster.node(id).ended;
      const log = cluster.node(id).log.map((line) => JSON.stringify(line)).join("\n");
      came.push([`log of node ${id}`, log]);
      for (const { name } of Deno.readDirSync(`${folder}/state-${id}`)) {
        const path = `${folder}/state-${id}/${name}`;
        if (Deno.statSync(path).isFile) {
          came.push([`state ${name} of node ${id}`, Deno.readTextFileSync(path)]);
        }
      }
    }
  } finally {
    await parrot.shutdown();
    await Deno.remove(certificates.folder, { recursive: true });
  }

  assert(came.filter(([, text]) => text.length > 200).length > 25, "there is something to look through");
  const wanted = new Map([
    ...secrets.all,
    ...[...secrets.all].map(([name, mark]) => [`${name} as base64`, btoa(mark).slice(0, 24)] as const),
    ...clusterKeys.map((one, i) => [`cluster.keys[${i}] as written`, one] as const),
    ["client_key_file", privateKey] as const,
  ]);
  const found = came.flatMap(([from, text]) =>
    [...wanted].filter(([, mark]) => text.includes(mark)).map(([name, mark]) => {
      const at = text.indexOf(mark);
      return `${name} in ${from}: ...${text.slice(Math.max(0, at - 80), at + 10)}`;
    })
  );
  assert.deepEqual(found, []);
});
