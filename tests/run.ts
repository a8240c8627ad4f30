/**
 * All tests: `deno task test [GROUP ...] [-- FLAGS OF deno test]`. Runs the groups one after the other, prints the
 * coverage of src/ and, as the last line, what passed and what failed in all. Exit code 0 only when nothing failed.
 */

import { stripVTControlCharacters } from "node:util";

interface Group {
  readonly name: string;
  readonly parallel: boolean;
}

/** Groups in order, the quick ones first. Those that start clusters run one file at a time. */
const GROUPS: readonly Group[] = [
  { name: "unit", parallel: true },
  { name: "property", parallel: true },
  { name: "fuzz", parallel: false },
  { name: "sim", parallel: true },
  { name: "integration", parallel: false },
  { name: "contract", parallel: false },
  { name: "e2e", parallel: false },
  { name: "browser", parallel: false },
  { name: "netns", parallel: false },
  { name: "faults", parallel: false },
];

/** Longest that a group may take, ms: a test that hangs is a failure, not a wait without end. */
const GROUP_LIMIT_MS = 8 * 60_000;

/** What tests may do: start programs, use the network, write to temporary folders. */
const PERMISSIONS = ["--no-prompt", "--allow-all"];

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** What a group came to; `report` says what failed and why, empty when nothing did. */
interface Outcome {
  readonly count: Count;
  readonly report: string;
}

/** Longest report of a group that is said again at the end, characters. */
const REPORT_MAX = 6000;

const ROOT = new URL("..", import.meta.url).pathname;

/** Runs the groups that are asked for. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith("-"));
  const flags = args.filter((arg) => arg.startsWith("-") && arg !== "--");
  const unknown = names.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) {
    console.error(
      `error: no group ${unknown.join(", ")}; there is: ${GROUPS.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const chosen = GROUPS.filter(({ name }) => names.length === 0 || names.includes(name));
  const coverage = `${ROOT}coverage`;
  await Deno.remove(coverage, { recursive: true }).catch(() => {});
  let total: Count = { passed: 0, failed: 0, ignored: 0 };
  const reports: string[] = [];
  for (const group of chosen) {
    if (!hasTests(`${ROOT}tests/${group.name}`)) continue;
    if (group.name === "integration" || group.name === "e2e") await provideTools();
    console.log(`\n# tests/${group.name}`);
    const { count, report } = await runGroup(group, coverage, flags);
    total = add(total, count);
    if (count.failed > 0) reports.push(`\n# failed in tests/${group.name}\n${report}`);
  }
  await printCoverage(coverage);
  for (const report of reports) console.log(report); // again: above, it is far away by now
  if (total.ignored > 0) console.log(`\n${total.ignored} ignored`);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** One `deno test`, shown as it goes. A run that ends badly without a count (a type error) is one failure. */
async function runGroup(group: Group, coverage: string, flags: readonly string[]): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-q", ...PERMISSIONS, `--coverage=${coverage}`, "--coverage-raw-data-only"],
      ...(group.parallel ? ["--parallel"] : []),
      ...flags,
      `tests/${group.name}/`,
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, GROUP_LIMIT_MS);
  let tail = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    await writeAll(bytes);
    tail = (tail + decoder.decode(bytes, { stream: true })).slice(-20_000);
  }
  const { success } = await child.status;
  clearTimeout(timer);
  if (late) console.error(`tests/${group.name} hung: ended after ${GROUP_LIMIT_MS / 60_000} minutes`);
  const said = stripVTControlCharacters(tail);
  const count = readCount(said) ?? { passed: 0, failed: 0, ignored: 0 };
  if (success) return { count, report: "" };
  return { count: { ...count, failed: Math.max(count.failed, 1) }, report: readReport(said) };
}

/** From `ERRORS` on, as `deno test` lists them with their reasons; without that, the last that was said. */
function readReport(output: string): string {
  const at = output.lastIndexOf("\n ERRORS ");
  return at < 0 ? output.slice(-REPORT_MAX) : output.slice(at + 1, at + REPORT_MAX);
}

/** The closing line of `deno test`: `ok | 12 passed (3 steps) | 0 failed | 1 ignored (2s)`. */
function readCount(output: string): Count | null {
  const line = output.split("\n").findLast((one) => /^(ok|FAILED) \| \d+ passed/.test(one));
  if (line === undefined) return null;
  const number = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: number("passed"), failed: number("failed"), ignored: number("ignored") };
}

/** Programs that the end-to-end tests call, and the Debian packages that hold them. */
const TOOLS: readonly (readonly [string, string])[] = [["dig", "bind9-dnsutils"], ["openssl", "openssl"], [
  "nft",
  "nftables",
], ["curl", "curl"]];

/** Installs what is missing where this user may; else the tests that need it say so. */
async function provideTools(): Promise<void> {
  const missing = [];
  for (const [program, name] of TOOLS) if (!await runs("which", [program])) missing.push(name);
  if (missing.length === 0) return;
  const sudo = Deno.uid() === 0 ? [] : ["sudo", "-n"];
  const apt = [...sudo, "apt-get", "-qq", "-y"];
  console.log(`# installing ${missing.join(", ")}`);
  const done = await runs(apt[0] as string, [...apt.slice(1), "update"]) &&
    await runs(apt[0] as string, [...apt.slice(1), "install", "--no-install-recommends", ...missing]);
  if (!done) console.error(`could not install ${missing.join(", ")}: please do, the tests need them`);
}

async function runs(program: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

async function printCoverage(folder: string): Promise<void> {
  console.log("\n# coverage of src/ in percent, processes that tests started included");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["coverage", "-q", folder, `--include=${ROOT}src/`, "--exclude=tests/"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "inherit",
    stderr: "inherit",
  });
  await child.output();
}

function add(a: Count, b: Count): Count {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, ignored: a.ignored + b.ignored };
}

function hasTests(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].some(({ name, isDirectory }) =>
      name.endsWith("_test.ts") || (isDirectory && hasTests(`${folder}/${name}`))
    );
  } catch {
    return false;
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}

Deno.exitCode = await main(Deno.args);
