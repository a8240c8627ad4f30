import assert from "node:assert/strict";

/** Import lines that are there at run time: types are not, and `import()` is for later. */
const IMPORT = /^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)"/gm;
/** An import of types alone, with the word at each of them. */
const TYPES_ONLY = /^import \{(?:\s*type [^,}]+,?)+\s*\} from "[^"]+";$/gm;

/** Files below src/, and packages, that are loaded when these files are. */
async function loadedWith(roots: readonly string[]): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const open = [...roots];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (!path.endsWith(".ts")) continue;
    const file = new URL(`../../src/${path}`, import.meta.url);
    const text = (await Deno.readTextFile(file)).replaceAll(TYPES_ONLY, "");
    for (const [, to = ""] of text.matchAll(IMPORT)) {
      open.push(to.startsWith(".") ? new URL(to, `file:///${path}`).pathname.slice(1) : to);
    }
  }
  return seen;
}

Deno.test("a node loads no code that it has no use for: it would be held in memory for months", async () => {
  const loaded = await loadedWith(["cli/main.ts", "cli/run.ts"]);
  for (const wanted of ["runtime/start.ts", "node/node.ts", "hono/tiny", "adapters/probes/http.ts"]) {
    assert.ok(loaded.has(wanted), `${wanted}: the search finds nothing`);
  }
  const unwanted = [
    ...["@commander-js/extra-typings", "cli/args.ts", "cli/simulate.ts", "cli/status.ts"],
    ...["runtime/zone_service.ts", "adapters/dns_server.ts", "dns/serve.ts"],
    ...["adapters/publishers/create.ts", "adapters/publishers/rfc2136.ts", "aws4fetch"],
    ...["adapters/probes/grpc.ts", "adapters/probes/exec.ts", "adapters/probes/dns.ts"],
  ];
  assert.deepEqual(unwanted.filter((one) => loaded.has(one)), []);
  assert.ok(loaded.size < 270, `${loaded.size} modules; 250 when this was written, 330 before`);
});
