import assert from "node:assert/strict";

const MAIN = new URL("../../main.ts", import.meta.url).href;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function simulate(...args: readonly string[]): Promise<Ran> {
  const flags = ["run", "-q", "--no-check", "--no-prompt", "--allow-read", "--allow-env"];
  const command = new Deno.Command(Deno.execPath(), {
    args: [...flags, MAIN, "simulate", ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** The document without what depends on the machine. */
function document(ran: Ran): Record<string, unknown> {
  const { wallMs, ...rest } = JSON.parse(ran.stdout) as Record<string, unknown>;
  assert.equal(typeof wallMs, "number");
  return rest;
}

Deno.test("many seeds on all cores give the same document each time, in the shape that is promised", async () => {
  const args = ["--scenario", "leader-crash", "--runs", "20", "--json"];
  const [first, second] = [document(await simulate(...args)), document(await simulate(...args))];
  assert.deepEqual(first, second);
  assert.equal(first["scenario"], "leader-crash");
  assert.deepEqual(first["seeds"], [1, 20]);
  assert.deepEqual(first["broken"], []);
  assert.deepEqual(Object.keys(first["promises"] as object), [
    "one-leader",
    "one-writer",
    "epochs-rise",
    "nothing-lost",
    "one-target",
    "recovers",
  ]);
  const { leader, service } = first["failover"] as Record<string, Record<string, number>>;
  assert.deepEqual(Object.keys(leader ?? {}), ["p50Ms", "p99Ms", "maxMs", "budgetMs"]);
  assert.deepEqual(Object.keys(service ?? {}), ["p50Ms", "p99Ms", "maxMs", "budgetMs"]);
  assert.ok((leader?.["p50Ms"] ?? 0) > 100);
});

Deno.test("one worker and many find the same", async () => {
  // Fewer than sixteen seeds run without workers.
  const parts = [
    await simulate(
      "--scenario",
      "chaos",
      "--duration",
      "20s",
      "--runs",
      "10",
      "--json",
      "--without",
      "lease",
    ),
  ];
  parts.push(
    await simulate(
      "--scenario",
      "chaos",
      "--duration",
      "20s",
      "--seed",
      "11",
      "--runs",
      "10",
      "--json",
      "--without",
      "lease",
    ),
  );
  const whole = await simulate(
    "--scenario",
    "chaos",
    "--duration",
    "20s",
    "--runs",
    "20",
    "--json",
    "--without",
    "lease",
  );
  assert.deepEqual([...parts, whole].map(({ code }) => code), [1, 1, 1]);
  const broken = (ran: Ran): unknown[] => document(ran)["broken"] as unknown[];
  assert.ok(broken(whole).length > 0);
  assert.deepEqual(parts.flatMap(broken).slice(0, 20), broken(whole));
});

Deno.test("a guard taken away breaks a promise: exit code 1, and the command that repeats it", async () => {
  const { code, stdout } = await simulate("--without", "lease");
  assert.equal(code, 1);
  const again = /again: abfail simulate (.*)/.exec(stdout)?.[1];
  assert.ok(again !== undefined, stdout);
  const repeated = await simulate(...again.split(" "));
  assert.equal(repeated.code, 1);
  assert.equal(repeated.stdout, stdout);
});

Deno.test("a failover over budget is exit code 1, an unknown scenario 2", async () => {
  const over = await simulate("--scenario", "leader-crash", "--budget", "500ms");
  assert.equal(over.code, 1);
  assert.match(
    over.stderr,
    /over budget: leader-crash: a failover of the leader took \d+ ms, 500 ms are allowed/,
  );
  const unknown = await simulate("--scenario", "leader-crush");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /there is no scenario leader-crush; did you mean leader-crash\?/);
});
