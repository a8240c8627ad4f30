/** Texts that a user hands over: configs, drills, files of keys. */
import { readTlsIdentity } from "../../../src/adapters/api/tls_identity.ts";
import { readTsigKey } from "../../../src/adapters/tsig_key.ts";
import { err, ok } from "../../../src/base/result.ts";
import { compareConfigs } from "../../../src/config/compare.ts";
import type { Config } from "../../../src/config/config.ts";
import { type ConfigReader, parseConfig } from "../../../src/config/parse.ts";
import { explainProblem } from "../../../src/config/problem.ts";
import { parseScenario } from "../../../src/sim/scenario_file.ts";
import { CLUSTER, DNS, KEY, service } from "../../unit/config/sample.ts";
import { mutateLines, spliced } from "../mutate.ts";
import { must, mustBeWords, octets, type Subject, textOf } from "../subject.ts";

/** Of all that is said about one config, characters at most. */
const SAID_MAX = 4 * 1024 * 1024;
const WORDS = [
  "[[",
  "]]",
  "[",
  "]",
  "{",
  "}",
  "=",
  '"',
  '"""',
  "'''",
  "\\u",
  ".",
  ",",
  "#",
  "\n",
  "a.",
  "[a.",
  "\u202e",
  "\x7f",
];

const PUBLISHERS = [
  'type = "digitalocean-dns"\ndomain = "example.com"\nrecord = "web"\nrecord_type = "A"\nttl = "30s"\ntoken_env = "T"',
  'type = "rfc2136"\nserver = "192.0.2.1"\nzone = "example.com"\nname = "web.example.com"\nttl = "5s"\nkey_name = "k"\nkey_env = "K"',
  'type = "exec"\ncommand = ["/bin/true"]',
  'type = "webhook"\nurl = "https://h.example/x"\nheaders = { a = "b" }',
  'type = "dns"\nname = "web.ha.example.com"\nttl = "5s"',
];

/** A whole config. Right, and all of it in range; or wrong, and said in bounded words without the key. */
export async function config(): Promise<Subject> {
  const example = await Deno.readTextFile(new URL("../../../config.example.toml", import.meta.url));
  const uncommented = example.replaceAll(/^# ([a-z_]+ = .*)$/gm, "$1");
  const rich = CLUSTER + DNS +
    'transfer_to = ["192.0.2.0/24"]\nrate_limit = 50\n[election]\ntiming = "lan"\n' +
    service({ check: 'send = "x"\nexpect = "y"' }) +
    PUBLISHERS.map((publisher) => `[[services.publish]]\n${publisher}\n`).join("") +
    '[[notify]]\ntype = "webhook"\nurl = "https://h.example/x"\nevents = ["leader"]\n';
  const io: ConfigReader = { env: () => undefined, readTextFile: () => err("there is no such file") };
  return {
    name: "config",
    about: "the config file: from a user, or whoever may write it",
    corpus: [example, uncommented, rich, CLUSTER + service()].map(octets),
    maxOctets: 1_100_000,
    cpuMs: 1500,
    words: WORDS,
    mutate: mutateLines,
    check: (input): void => {
      const text = textOf(input);
      const parsed = parseConfig(text, "f.toml", io);
      if (parsed.ok) return mustBeInRange(parsed.value);
      must(parsed.error.length > 0, "wrong, and nothing said");
      const said = parsed.error.map(explainProblem);
      const length = said.reduce((sum, one) => sum + one.length, 0);
      must(length <= SAID_MAX, `${length} characters are said`);
      must(!said.join("\n").includes(KEY), "the key is told");
    },
  };
}

function mustBeInRange(config: Config): void {
  const { cluster, election, services } = config;
  must(cluster.nodes.length >= 2 && cluster.keys.length >= 1, "a cluster of one, or without a key");
  for (const { id, address } of cluster.nodes) {
    must(Number.isInteger(id) && id >= 1 && id <= 65_535, `node ${id}`);
    mustBePort(address.port);
  }
  const positive = (ms: number, what: string): void =>
    must(ms > 0 && Number.isFinite(ms), `${what}: ${ms} ms`);
  positive(election.heartbeatMs, "heartbeat");
  must(
    election.leaseMs > election.heartbeatMs && Number.isFinite(election.leaseMs),
    "a lease within the heartbeat",
  );
  for (const { name, check, targets, publish } of services) {
    positive(check.intervalMs, `${name}.interval`);
    positive(check.timeoutMs, `${name}.timeout`);
    must(check.fall >= 1 && check.rise >= 1, `${name}: fall ${check.fall}, rise ${check.rise}`);
    if ("port" in check && check.port !== null) mustBePort(check.port);
    for (const target of targets) if (target.port !== null) mustBePort(target.port);
    for (const one of publish) {
      if ("ttlMs" in one) {
        must(one.ttlMs >= 0 && one.ttlMs / 1000 <= 0x7fff_ffff, `a TTL of ${one.ttlMs} ms`);
      }
    }
  }
  must(compareConfigs(config, config).changes.length === 0, "a config that differs from itself");
  must(!JSON.stringify(config).includes(KEY), "the key shows in the config as JSON");
}

function mustBePort(port: number): void {
  must(Number.isInteger(port) && port >= 0 && port <= 65_535, `port ${port}`);
}

/** A drill of the user's own. */
export function scenario(): Subject {
  const step = (at: string, rest: string): string => `[[steps]]\nat = "${at}"\n${rest}\n`;
  return {
    name: "scenario",
    about: "the file of `simulate --scenario`: from a user",
    corpus: [
      'about = "x"\nduration = "60s"\nsettle = "15s"\n' +
      step("5s", 'do = "isolate"\nnode = "leader"\nfor = "10s"'),
      step("1s", 'do = "network"\nloss = 0.3\nduplicate = 0.1\nstray = 0.1\nslowness = 0.2') +
      step("2s", 'do = "provider"\nlatency = "100ms"\nfailing = 0.5') +
      step("3s", 'do = "wall-clock"\nnode = 1\nby = "-1h"'),
      step("1s", 'do = "drain"\nservice = "web"\ntarget = "nyc1"\nnode = 2'),
      "steps = [1, [], {}]\n",
    ].map(octets),
    maxOctets: 200_000,
    cpuMs: 600,
    words: WORDS,
    mutate: mutateLines,
    check: (input): void => {
      const read = parseScenario(textOf(input), "f.toml");
      if (!read.ok) {
        return must(read.error !== "" && read.error.length <= SAID_MAX, "nothing, or too much, is said");
      }
      const { durationMs, settleMs } = read.value;
      must(
        Number.isFinite(durationMs) && durationMs >= 0 && (settleMs ?? 0) >= 0,
        `${durationMs} and ${settleMs} ms`,
      );
    },
  };
}

/** The first octet says which: the cluster's keys, a TSIG key, certificate and key of the API. */
export function secretFiles(): Promise<Subject> {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/file`;
  const keysFile = (text: string): ConfigReader => ({ env: () => undefined, readTextFile: () => ok(text) });
  const source =
    CLUSTER.replace(`keys = ["${KEY}"]`, 'keys_file = "credential:keys"').replace("credential:keys", path) +
    service();
  const corpus = [
    `# old\n${KEY}\n`,
    `${KEY}, ${btoa("some other key of thirty-two byt")}`,
    "c2VjcmV0IG9mIGEgVFNJRyBrZXk=",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n",
  ].map(octets);
  return Promise.resolve({
    name: "secret-files",
    about: "files of keys, credentials, certificates: from an administrator's slip",
    corpus: corpus.flatMap((file) => [0, 1, 2].map((which) => spliced(file, 0, 0, Uint8Array.of(which)))),
    maxOctets: 200_000,
    cpuMs: 600,
    words: ["-----BEGIN ", "-----END ", "-----", "\n", "=", "#", ","],
    check: async (input): Promise<void> => {
      const file = input.subarray(1);
      const text = textOf(file);
      const isNews = (said: string): boolean =>
        text.trim().length >= 12 && said.includes(text.trim().slice(0, 12));
      switch ((input[0] ?? 0) % 3) {
        case 0: {
          const parsed = parseConfig(source, "f.toml", keysFile(text));
          const said = parsed.ok ? "" : parsed.error.map(explainProblem).join("\n");
          must(parsed.ok || said !== "", "wrong, and nothing said");
          must(said.length <= SAID_MAX && !isNews(said), "the file's content is told");
          if (parsed.ok) {
            for (const key of parsed.value.cluster.keys) {
              must(atob(key.reveal()).length === 32, "a key of another length");
            }
          }
          return;
        }
        case 1: {
          await Deno.writeFile(path, file);
          const secret = { kind: "file", path } as const;
          const key = await readTsigKey({ name: "upd.example", algorithm: "hmac-sha256", secret });
          if (key.ok) return must(key.value.secret.length > 0, "an empty key");
          mustBeWords(key.error, "the reason");
          must(!isNews(key.error), "the file's content is told");
          return;
        }
        default: {
          await Deno.writeFile(path, file);
          const read = readTlsIdentity({ certFile: path, keyFile: path, clientCaFile: path });
          if (read.ok) return must(Number.isFinite(read.value.endsAt), "a certificate without an end");
          mustBeWords(read.error, "the reason");
          must(!isNews(read.error), "the file's content is told");
        }
      }
    },
    close: () => Deno.remove(folder, { recursive: true }),
  });
}
