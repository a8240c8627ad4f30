import assert from "node:assert/strict";
import { assemblePage } from "../../../src/view/page/page.ts";

const FOLDER = new URL("../../../src/view/page/", import.meta.url);

/** The page's scripts by file name. */
function scripts(): Map<string, string> {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".js"));
  return new Map(names.map((name) => [name, Deno.readTextFileSync(new URL(name, FOLDER))]));
}

Deno.test("every script of the page imports what it uses of the others, and is in the page", () => {
  const all = scripts();
  const page = assemblePage();
  const homes = new Map<string, string>();
  for (const [file, text] of all) {
    for (const [, name] of text.matchAll(/^export (?:async )?(?:function|const|let) (\w+)/gm)) {
      homes.set(name ?? "", file);
      assert.ok(page.includes(`${name}`), `${name} of ${file} is not in the page`);
    }
  }
  assert.ok(homes.size > 20);
  for (const [file, text] of all) {
    const imported = [...text.matchAll(/^import \{([^}]*)\}/gm)].flatMap(([, names]) =>
      names?.split(",").map((name) => name.trim()) ?? []
    );
    const code = text.replace(/^import [^;]*;/gm, "").replace(
      /"(?:[^"\\]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/.*/g,
      "",
    );
    for (const [name, home] of homes) {
      const isCalled = new RegExp(`(?<![\\w.])${name}\\(`).test(code);
      if (isCalled && home !== file) assert.ok(imported.includes(name), `${file} uses ${name} of ${home}`);
    }
  }
});
