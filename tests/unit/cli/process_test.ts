/** The command line as users meet it: real processes, exit codes, what goes to which stream. */
import assert from "node:assert/strict";
import { exampleConfig } from "../../../src/cli/example_config.ts";
import { freshKey } from "../../../src/cli/keygen.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function abfail(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--no-prompt", "-A", MAIN, ...args],
    env: {
      NO_COLOR: "1",
      RUST_BACKTRACE: "0",
      ABFAIL_TOKEN: "",
      ABFAIL_NODE_ID: "",
      ABFAIL_KEYS: "",
      ...env,
    },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

/** `script` of util-linux gives a program a terminal. */
const hasScript = ["/usr/bin/script", "/bin/script"].some((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
if (!hasScript) console.log("init at a terminal is not tested: `script` (util-linux) is missing");

/** Types at a terminal; `out` is what it shows. */
async function atTerminal(cwd: string, line: string, typed: string): Promise<Ended> {
  const command = `${Deno.execPath()} run -q --no-check --no-prompt -A ${MAIN} ${line}`;
  const child = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    cwd,
    env: { NO_COLOR: "1", SHELL: "/bin/sh" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(typed));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("init writes a file that only its owner can read, once, and check finds it right", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/abfail.toml`;
    const first = await abfail(["init", "--output", file]);
    assert.deepEqual([first.code, first.out], [0, ""]);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const second = await abfail(["init", "--output", file]);
    assert.equal(second.code, 2);
    assert.match(second.error, /it is there already/);
    const checked = await abfail(["check", "--config", file]);
    assert.deepEqual([checked.code, checked.error], [0, ""]);
    assert.match(checked.out, /is right: cluster prod, 3 nodes, 1 service\n/);
    assert.match(checked.out, /total +\S+ ms +\S+ s +\S+ s/);
    assert.ok(!checked.out.includes("Warnings") && !checked.out.includes("\x1b"));
    await Deno.chmod(file, 0o644);
    assert.match((await abfail(["check", "--config", file])).out, /mode 0644\): chmod 600/);
  });
});

Deno.test({
  name: "init asks at a terminal, writes what was answered, and leaves a file that is there alone",
  ignore: !hasScript,
  fn: async () => {
    await inFolder(async (folder) => {
      const answers = [
        "shop",
        "nyc1=10.0.1.10",
        "sfo2=10.0.2.10",
        "10.0.3.10",
        "",
        "",
        "tcp:5432",
        "",
        "",
        "",
      ];
      const typed = [...answers, "rfc2136", "db.example.com", "", "10.0.4.53", "", "shop.toml", ""].join(
        "\n",
      );
      const first = await atTerminal(folder, "init", typed);
      assert.equal(first.code, 0, first.out);
      assert.match(
        first.out,
        /Node 4 \(Enter: no more\): [^]*put the TSIG key into \/etc\/abfail\/tsig\.key/,
      );
      assert.equal((await Deno.stat(`${folder}/shop.toml`)).mode! & 0o777, 0o600);
      const checked = await abfail(["check", "--config", `${folder}/shop.toml`]);
      assert.match(checked.out, /cluster shop, 3 nodes, 1 service[^]*db\.example\.com \(rfc2136/);
      const again = await atTerminal(folder, "init --output shop.toml", typed);
      assert.deepEqual([again.code, again.out.includes("Name of the cluster")], [2, false], again.out);
      const ended = await atTerminal(folder, "init --output other.toml", "shop\n\x04");
      assert.deepEqual([ended.code, /nothing was written/.test(ended.out)], [2, true], ended.out);
    });
  },
});

Deno.test("check says everything that is wrong on standard error, or as JSON, with exit code 2", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/bad.toml`;
    await Deno.writeTextFile(
      file,
      exampleConfig(3, freshKey()).replace("id = 2", "id = 1").replace("path =", "pth ="),
    );
    const text = await abfail(["check", "--config", file]);
    assert.deepEqual([text.code, text.out], [2, ""]);
    assert.match(text.error, /^error: 2 problems in [^]*id 1 too[^]*did you mean path\?/);
    const json = await abfail(["check", "--config", file, "--json"]);
    assert.deepEqual([json.code, json.error], [2, ""]);
    const { ok, problems } = JSON.parse(json.out);
    assert.deepEqual([ok, problems.length, problems[1].path], [false, 2, "services.web.check.pth"]);
    const none = await abfail(["check", "--config", `${folder}/none.toml`]);
    assert.equal(none.code, 2);
    assert.match(none.error, /there is no such file/);
  });
});

Deno.test("check --against: 1 when the step is not safe, with the reason, 0 when it is", async () => {
  await inFolder(async (folder) => {
    const text = exampleConfig(3, freshKey());
    const write = async (name: string, content: string): Promise<string> => {
      await Deno.writeTextFile(`${folder}/${name}`, content, { mode: 0o600 });
      return `${folder}/${name}`;
    };
    const old = await write("old.toml", text);
    const shorter = await write("shorter.toml", text.replace('timing = "wan"', 'timing = "lan"'));
    const slower = await write("slower.toml", text.replace('ttl = "5s"', 'ttl = "9s"'));
    const refused = await abfail(["check", "--config", shorter, "--against", old]);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /NOT SAFE[^]*quarantine = "1.1s"/);
    const json = await abfail(["check", "--config", shorter, "--against", old, "--json"]);
    assert.deepEqual([json.code, JSON.parse(json.out).ok], [1, false]);
    const safe = await abfail(["check", "--config", slower, "--against", old]);
    assert.equal(safe.code, 0);
    assert.match(safe.out, /ttl: 5s -> 9s[^]*Safe\. A reload takes it up/);
  });
});

Deno.test("without a command: the help on standard error, exit code 2", async () => {
  const ended = await abfail([]);
  assert.deepEqual([ended.code, ended.out], [2, ""]);
  assert.match(ended.error, /Usage: abfail/);
});

Deno.test("commands go to the node with the token; 0 done, 1 refused, 3 not reached", async () => {
  const seen: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    seen.push(
      `${request.method} ${pathname} ${request.headers.get("authorization")} ${await request.text()}`,
    );
    if (pathname.endsWith("/unpin")) {
      return Response.json({ ok: false, reason: "refused", error: "it is not pinned" }, { status: 409 });
    }
    if (pathname.endsWith("/step-down")) return new Response("hello");
    if (pathname.endsWith("/drain")) return Response.json({ error: "send the token" }, { status: 401 });
    return Response.json({ ok: true, message: "web: nyc1 -> sfo2, pinned" });
  });
  const api = `http://127.0.0.1:${server.addr.port}`;
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/token`, "from-file\n");
    const done = await abfail(["switch", "web", "sfo2", "--api", api, "--token-file", `${folder}/token`]);
    assert.deepEqual(done, { code: 0, out: "web: nyc1 -> sfo2, pinned\n", error: "" });
    const refused = await abfail(["unpin", "web", "--api", api], { ABFAIL_TOKEN: "from-env" });
    assert.deepEqual(refused, { code: 1, out: "", error: "error: it is not pinned\n" });
    const config = exampleConfig(3, freshKey()).replace("127.0.0.1:7421", `127.0.0.1:${server.addr.port}`)
      .replace('# token_file = "/etc/abfail/token"', 'token_file = "token"');
    await Deno.writeTextFile(`${folder}/abfail.toml`, config);
    const drained = await abfail(["drain", "web", "a/b", "--config", `${folder}/abfail.toml`]);
    assert.equal(drained.code, 1);
    assert.match(drained.error, /error: send the token\n.*the token came from/);
  });
  assert.deepEqual(seen, [
    'POST /v1/services/web/switch Bearer from-file {"target":"sfo2"}',
    "POST /v1/services/web/unpin Bearer from-env {}",
    "POST /v1/services/web/targets/a%2Fb/drain Bearer from-file {}",
  ]);
  const odd = await abfail(["step-down", "--api", api]);
  assert.equal(odd.code, 3);
  assert.match(odd.error, /is no abfail node: HTTP 200/);
  await server.shutdown();
  const gone = await abfail(["step-down", "--api", api]);
  assert.equal(gone.code, 3);
  assert.match(gone.error, /no node can be reached at .*connection refused/);
  assert.equal((await abfail(["step-down", "--api", "ftp://x"])).code, 2);
});

Deno.test("commands find the Unix socket of the config and need no token there", async () => {
  await inFolder(async (folder) => {
    const seen: (string | null)[] = [];
    const server = Deno.serve({ path: `${folder}/a.sock`, onListen: () => {} }, (request: Request) => {
      seen.push(request.headers.get("authorization"));
      return Response.json({ ok: true, message: "done here" });
    });
    const config = exampleConfig(3, freshKey()).replace(
      '# socket = "/run/abfail/api.sock"',
      'socket = "a.sock"',
    );
    await Deno.writeTextFile(`${folder}/abfail.toml`, config);
    const done = await abfail(["step-down", "--config", `${folder}/abfail.toml`]);
    await server.shutdown();
    assert.deepEqual([done.code, done.out, done.error, seen], [0, "done here\n", "", [null]]);
  });
});
