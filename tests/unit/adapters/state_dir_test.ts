import assert from "node:assert/strict";
import { openStateDir, type StateDir } from "../../../src/adapters/state_dir.ts";
import { encodeState } from "../../../src/adapters/state_file.ts";
import type { Durable } from "../../../src/node/events.ts";

const BALLOT = { term: 1763881200123, node: 2, incarnation: "8899aabbccddeeff" };
const STATE = new TextEncoder().encode('{"serial":1,"services":{}}');
const MEMORY: Durable = {
  highest: BALLOT,
  released: null,
  accepted: { ballot: BALLOT, index: 3, digest: 0xdeadbeef, size: STATE.length, state: STATE },
};
const EMPTY: Durable = { highest: null, released: null, accepted: null };
const OWNER = { clusterName: "prod", self: 1 };

function open(path: string, owner = OWNER): StateDir {
  const dir = openStateDir({ path, ...owner });
  assert(dir.ok, dir.ok ? "" : dir.error);
  return dir.value;
}

/** A test with a path that does not exist yet, in a directory that is removed afterwards. */
function inDir(name: string, run: (path: string) => void | Promise<void>): void {
  Deno.test(name, async () => {
    const parent = Deno.makeTempDirSync({ prefix: "abfail-" });
    try {
      await run(`${parent}/a/state`);
    } finally {
      Deno.removeSync(parent, { recursive: true });
    }
  });
}

/** What a load of a damaged or foreign file says; afterwards there is no memory and the file is kept. */
function refusal(path: string, dir: StateDir, aside = "state.corrupt-1"): string {
  const before = Deno.readFileSync(`${path}/state`);
  const loaded = dir.load();
  assert(!loaded.ok);
  assert(loaded.error.endsWith(`/${aside}`), loaded.error);
  assert.deepEqual(Deno.readFileSync(`${path}/${aside}`), before);
  assert.deepEqual(dir.load(), { ok: true, value: null });
  return loaded.error;
}

inDir("a new directory has no memory; what is saved is there after a restart", (path) => {
  const dir = open(path);
  assert.deepEqual(dir.load(), { ok: true, value: null });
  for (const memory of [EMPTY, MEMORY]) {
    assert.deepEqual(dir.save(memory), { ok: true, value: undefined });
    assert.deepEqual(dir.load(), { ok: true, value: memory });
  }
  dir.close();
  const again = open(path);
  assert.deepEqual(again.load(), { ok: true, value: MEMORY });
  again.close();
});

inDir("directory and files are for the owner alone, and no temporary file stays", (path) => {
  const dir = open(path);
  dir.save(MEMORY);
  dir.close();
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o700);
  const names = [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  assert.deepEqual(names, ["lock", "state"]);
  for (const name of names) assert.equal(Deno.statSync(`${path}/${name}`).mode! & 0o777, 0o600, name);
});

inDir("a file cut short anywhere, or with any octet changed, is set aside", (path) => {
  const dir = open(path);
  const file = encodeState(OWNER, MEMORY);
  const damaged = [
    ...Array.from(file, (_, length) => file.subarray(0, length)),
    ...Array.from(file, (_, at) => file.map((octet, i) => i === at ? octet ^ 0x10 : octet)),
    Uint8Array.of(...file, 0),
  ];
  for (const content of damaged) {
    Deno.writeFileSync(`${path}/state`, content);
    refusal(path, dir);
    Deno.removeSync(`${path}/state.corrupt-1`);
  }
  dir.close();
});

inDir("another cluster's or another node's memory is set aside, each under its own name", (path) => {
  const dir = open(path);
  Deno.writeFileSync(`${path}/state`, encodeState({ ...OWNER, clusterName: "test" }, MEMORY));
  assert.match(refusal(path, dir), /it is of cluster "test"/);
  Deno.writeFileSync(`${path}/state`, encodeState({ ...OWNER, self: 2 }, MEMORY));
  assert.match(refusal(path, dir, "state.corrupt-2"), /it is of node 2/);
  dir.close();
});

inDir("files set aside are bounded in number", (path) => {
  const dir = open(path);
  for (let n = 0; n < 25; n++) {
    Deno.writeTextFileSync(`${path}/state`, `junk ${n}`);
    assert(!dir.load().ok);
  }
  assert.equal([...Deno.readDirSync(path)].filter((entry) => entry.name.includes("corrupt")).length, 20);
  dir.close();
});

inDir("a save that fails takes the older memory away", (path) => {
  const dir = open(path);
  dir.save(MEMORY);
  Deno.mkdirSync(`${path}/state.new`);
  const saved = dir.save(EMPTY);
  assert(!saved.ok);
  assert.match(saved.error, /cannot be written: .*the older memory has been removed/);
  assert.deepEqual(dir.load(), { ok: true, value: null });
  assert.deepEqual(dir.save(EMPTY), { ok: true, value: undefined });
  dir.close();
});

inDir("a save that fails where the older memory cannot be removed says so", (path) => {
  const dir = open(path);
  dir.save(MEMORY);
  Deno.mkdirSync(`${path}/state.new/in/the/way`, { recursive: true });
  const saved = dir.save(EMPTY);
  assert(!saved.ok);
  assert.match(saved.error, /remove it by hand/);
  dir.close();
});

inDir("a directory in use is refused and names who has it; closed, it is free", (path) => {
  const dir = open(path);
  const second = openStateDir({ path, ...OWNER, self: 2 });
  assert(!second.ok);
  assert.match(second.error, /is in use by node 1 of cluster prod, process \d+/);
  dir.close();
  open(path, { ...OWNER, self: 2 }).close();
});

inDir("closed, a directory is free also while programs are being started", async (path) => {
  // Between fork and exec a new program holds copies of all open files: 9 of 100 of these were refused once.
  const code = `setInterval(() => new Deno.Command("true").outputSync(), 0); postMessage("started");`;
  const starter = new Worker(URL.createObjectURL(new Blob([code])), { type: "module" });
  try {
    await new Promise((started) => starter.onmessage = started);
    for (let i = 0; i < 5000; i++) open(path).close();
  } finally {
    starter.terminate();
  }
});

inDir("a process that was killed leaves no lock behind", async (path) => {
  const module = new URL("../../../src/adapters/state_dir.ts", import.meta.url).href;
  const code = `const { openStateDir } = await import(${JSON.stringify(module)});
    const dir = openStateDir({ path: ${JSON.stringify(path)}, clusterName: "prod", self: 3 });
    console.log(dir.ok); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", code],
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  try {
    assert.equal(new TextDecoder().decode((await output.read()).value), "true\n");
    const refused = openStateDir({ path, ...OWNER });
    assert(!refused.ok);
    assert.match(refused.error, new RegExp(`node 3 of cluster prod, process ${child.pid}`));
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await output.cancel();
  }
  open(path).close();
});

inDir("a path that is a file, or below one, is refused with the reason", (path) => {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")));
  Deno.writeTextFileSync(path, "a file");
  for (const each of [path, `${path}/below`]) {
    const dir = openStateDir({ path: each, ...OWNER });
    assert(!dir.ok);
    assert.match(dir.error, /^state_dir .* cannot be made: ./);
  }
});

Deno.test("a path that can hold nothing is refused in words for people", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    const opened = openStateDir({ path: `${folder}/file/below`, self: 1, clusterName: "prod" });
    assert.ok(!opened.ok);
    assert.equal(
      opened.error,
      `state_dir ${folder}/file/below cannot be made: a part of the path is a file, no folder`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
