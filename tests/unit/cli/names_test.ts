/** The names that completions ask for: what stands where the cursor is, and that nothing odd reaches a shell. */
import assert from "node:assert/strict";
import { findNames, namesFor, namesOfToml, readLine } from "../../../src/cli/names.ts";
import { allWell } from "../view/sample_status.ts";
import { commandsOf } from "./command_tree.ts";

Deno.test("what is wanted is told by the words before the cursor", async () => {
  const commands = await commandsOf();
  const wanted = (line: string): unknown => readLine(line, commands).wanted;
  assert.deepEqual(wanted("abfail switch "), { kind: "service" });
  assert.deepEqual(wanted("abfail switch we"), { kind: "service" });
  assert.deepEqual(wanted("abfail switch web "), { kind: "target", service: "web" });
  assert.deepEqual(wanted("abfail drain --api http://[::1]:1 'we''b' x"), { kind: "target", service: "web" });
  assert.deepEqual(wanted("abfail switch --dry-run web "), { kind: "target", service: "web" });
  assert.deepEqual(wanted("abfail status -c a.toml --node-id "), { kind: "node" });
  for (const line of ["abfail switch web sfo2 ", "abfail switch -c ", "abfail unpin web ", "abfail x ", ""]) {
    assert.equal(wanted(line), null, line);
  }
  const { options } = readLine("abfail drain --config='my file' --api=a=b -c two\\ words we", commands);
  assert.deepEqual(Object.fromEntries(options), { "--config": "two words", "--api": "a=b" });
});

Deno.test("the command that completions call is not shown to people", async () => {
  assert.ok(!(await commandsOf()).some(({ name }) => name === "names"));
});

Deno.test("names of a half-written config are found; what a shell would take for more than a name is left out", () => {
  const names = namesOfToml({
    cluster: { nodes: [{ id: 1 }, { id: 2 }, 3] },
    services: [{ name: "web", targets: [{ name: "a" }, { name: "$(reboot)" }, { name: "a" }] }, {}, "x", {
      name: "`x`",
      targets: 4,
    }],
  });
  assert.deepEqual(namesFor({ kind: "node" }, names), ["1", "2"]);
  assert.deepEqual(namesFor({ kind: "service" }, names), ["web"]);
  assert.deepEqual(namesFor({ kind: "target", service: "web" }, names), ["a"]);
  assert.deepEqual(namesFor({ kind: "target", service: "other" }, names), []);
  assert.deepEqual(namesOfToml({ services: 1 }), { nodes: [], services: [] });
  const many = Array.from({ length: 5000 }, (_, i) => ({ name: `s${i}`, targets: [] }));
  assert.equal(namesFor({ kind: "service" }, { nodes: [], services: many }).length, 1000);
});

Deno.test("without a config the node is asked; one that is silent, or no node, is nothing and no error", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    return new URL(request.url).pathname === "/v1/status"
      ? Response.json(allWell)
      : new Response("?", { status: 404 });
  });
  const api = `127.0.0.1:${server.addr.port}`;
  const { nodes, services } = await findNames(new Map([["--api", api], ["--config", "/dev/null/none"]]));
  assert.deepEqual(nodes, ["1", "2", "3"]);
  assert.deepEqual(services.map(({ name }) => name), allWell.services.map(({ name }) => name));
  using silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const port = (silent.addr as Deno.NetAddr).port;
  const start = performance.now();
  for (const other of [`127.0.0.1:${port}`, `${api}/other`, "ftp://x", ""]) {
    assert.deepEqual(await findNames(new Map([["--api", other]])), { nodes: [], services: [] }, other);
  }
  assert.ok(performance.now() - start < 6000);
});
