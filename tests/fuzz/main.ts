/**
 * `deno task fuzz [--cases N] [--minutes M] [--seed S] [--list] [--input BASE64] [PARSER ...]`: gives every parser of
 * the product inputs that are slightly, or wholly, wrong. Exit code 0: all that must hold did; 1: something did not.
 */
import { parseArgs } from "node:util";
import { type Finding, runCampaign } from "./campaign.ts";
import { openSubject, SUBJECT_NAMES } from "./subjects/index.ts";

const CASES = 2000;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cases: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string" },
      input: { type: "string" },
      list: { type: "boolean" },
    },
  });
  const unknown = positionals.filter((name) => !SUBJECT_NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`error: no parser ${unknown.join(", ")}; there is: ${SUBJECT_NAMES.join(", ")}`);
    return 2;
  }
  const names = positionals.length > 0 ? positionals : SUBJECT_NAMES;
  if (values.list === true) return await list(names);
  const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const minutes = values.minutes === undefined ? null : Number(values.minutes);
  const cases = Number(values.cases ?? (minutes === null ? CASES : 2 ** 30));
  if (![seed, cases, minutes ?? 0].every((n) => Number.isFinite(n) && n >= 0)) {
    console.error("error: --seed, --cases and --minutes take numbers");
    return 2;
  }
  const input = values.input === undefined ? null : Uint8Array.fromBase64(values.input);
  let broken = 0;
  let total = 0;
  console.log(`seed ${seed}`);
  for (const name of names) {
    const started = performance.now();
    const forMs = minutes === null ? null : (minutes * 60_000) / names.length;
    const { cases: ran, finding } = await runCampaign({ subject: name, seed, cases, forMs, input });
    total += ran;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${name.padEnd(16)} ${String(ran).padStart(9)} cases ${seconds.padStart(7)} s  ${
        finding === null ? "ok" : "BROKEN"
      }`,
    );
    if (finding === null) continue;
    broken++;
    console.log(describe(finding));
  }
  console.log(
    `${total} cases, ${broken === 0 ? "all that must hold did" : `${broken} parsers broke a promise`}`,
  );
  return broken === 0 ? 0 : 1;
}

/** What was broken, by which octets, and how to see it again. */
function describe({ subject, seed, index, what, input }: Finding): string {
  const encoded = input.toBase64();
  const again = encoded.length <= 4000
    ? `deno task fuzz --input ${encoded} ${subject}`
    : `deno task fuzz --seed ${seed} --cases ${index + 1} ${subject}`;
  return `    ${what.replaceAll("\n", "\n    ")}\n    case ${index}, ${input.length} octets: ${
    JSON.stringify(new TextDecoder("latin1").decode(input.subarray(0, 200)))
  }\n    again: ${again}`;
}

async function list(names: readonly string[]): Promise<number> {
  for (const name of names) {
    const subject = await openSubject(name);
    console.log(`${name.padEnd(16)} ${subject.about}`);
    await subject.close?.();
  }
  return 0;
}

Deno.exitCode = await main(Deno.args);
