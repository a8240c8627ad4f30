/** What the README says that the tool prints: the tool's source must have the words. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
/** Stands for what is filled in. */
const BLANK = "§";

/** The source with a blank for every `${...}`, and texts that go over lines in one piece. */
async function printed(folder: URL): Promise<string> {
  let all = "";
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) all += await printed(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) {
      const source = await Deno.readTextFile(new URL(entry.name, folder));
      all += source.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, BLANK).replaceAll(/[`"] \+\n\s*[`"]/g, "");
    }
  }
  return all;
}

/** A phrase with blanks for its names, numbers and addresses. */
function blanked(phrase: string): string {
  return phrase.replaceAll(/https?:\S+|\d+\.\d+\.\d+\.\d+(?::\d+)?|\b(?:web|nyc1|sfo2|\d+)\b/g, BLANK);
}

/** The phrases of the first column of the table of symptoms. */
function symptoms(readme: string): readonly string[] {
  const table = readme.slice(readme.indexOf("\n**Troubleshooting**"));
  const rows = table.slice(0, table.indexOf("\n\n", table.indexOf("\n| "))).split("\n");
  return rows.filter((line) => line.startsWith("| `"))
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, phrase = ""]) => phrase));
}

Deno.test("every symptom of the README is in words that the tool prints", async () => {
  const source = await printed(new URL("src/", ROOT));
  const phrases = symptoms(await Deno.readTextFile(new URL("README.md", ROOT)));
  assert.ok(phrases.length >= 18, String(phrases.length));
  assert.deepEqual(phrases.filter((phrase) => !source.includes(blanked(phrase))), []);
  for (const nobodys of ["web: nyc1 is unwell", "cannot bind port 53"]) {
    assert.ok(!source.includes(blanked(nobodys)), nobodys);
  }
});

Deno.test("every package of deno.json is in the README's table, and no other", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    imports: Readonly<Record<string, string>>;
  };
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const rows = readme.slice(readme.indexOf("\n## Packages")).split("\n\n")[1]?.split("\n").slice(2) ?? [];
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  );
  assert.deepEqual(named.toSorted(), Object.keys(imports).toSorted());
});
