import assert from "node:assert/strict";
import { plainPaint } from "../../../src/view/paint.ts";
import { cell, type Column, renderTable } from "../../../src/view/table.ts";
import { displayWidth } from "../../../src/view/text.ts";

const columns: readonly Column[] = [
  { header: "name", align: "left", min: 4, rank: 0 },
  { header: "took", align: "right", min: 6, rank: 2 },
  { header: "detail", align: "left", min: 6, rank: 1 },
];
const rows = [
  [cell("nyc1"), cell("3.1 ms"), cell("HTTP 200")],
  [cell("sfo2"), cell("71 ms"), cell("connection refused")],
];

Deno.test("a table with room shows all, aligned", () => {
  assert.deepEqual(renderTable(columns, rows, { width: 80, indent: 2, paint: plainPaint }), [
    "  name    took  detail",
    "  nyc1  3.1 ms  HTTP 200",
    "  sfo2   71 ms  connection refused",
  ]);
});

Deno.test("a table without room cuts its widest column first, then leaves out the least important", () => {
  assert.deepEqual(renderTable(columns, rows, { width: 24, indent: 0, paint: plainPaint }), [
    "name    took  detail",
    "nyc1  3.1 ms  HTTP 200",
    "sfo2   71 ms  connectio…",
  ]);
  assert.deepEqual(renderTable(columns, rows, { width: 18, indent: 0, paint: plainPaint }), [
    "name  detail",
    "nyc1  HTTP 200",
    "sfo2  connection…",
  ]);
});

Deno.test("no line of a table is wider than asked, whatever the width", () => {
  for (let width = 1; width < 60; width++) {
    for (const line of renderTable(columns, rows, { width, indent: 2, paint: plainPaint })) {
      assert.ok(displayWidth(line) <= Math.max(width, 2), `${width}: ${line}`);
    }
  }
});

Deno.test("a column that is empty in every row is left out", () => {
  const lines = renderTable(columns, [[cell("nyc1"), cell(""), cell("x")]], {
    width: 80,
    indent: 0,
    paint: plainPaint,
  });
  assert.deepEqual(lines, ["name  detail", "nyc1  x"]);
});
