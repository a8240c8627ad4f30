import assert from "node:assert/strict";
import { mapLines } from "../../../src/config/lines.ts";

const TEXT = `# comment with [brackets] and "quotes
top = 1
[a]
b.c = "x # no comment"
'lit.eral' = 2
"quo\\"ted" = 3
list = [
  # a comment ]
  "one",
  [ 1,
    2 ],
  { k = 1, l = {
    m = 2 } },
]
long = """
[not.a.table]
key = 1 \\"""
"""
after = '''
''''quote'''
last = 1
[[s]]
name = "first"
[s.sub]
x = 1
[[s.t]]
y = 1
[[s.t]]
y = 2
[[s]]
name = "second"
[[s.t]]
y = 3
[end]
z = 1
`;

Deno.test("every key, table and element has the line on which it stands", () => {
  const lines = mapLines(TEXT);
  const expected: readonly (readonly [readonly (string | number)[], number])[] = [
    [["top"], 2],
    [["a"], 3],
    [["a", "b"], 4],
    [["a", "b", "c"], 4],
    [["a", "lit.eral"], 5],
    [["a", 'quo"ted'], 6],
    [["a", "list"], 7],
    [["a", "list", 0], 9],
    [["a", "list", 1], 10],
    [["a", "list", 1, 1], 11],
    [["a", "list", 2, "k"], 12],
    [["a", "list", 2, "l", "m"], 13],
    [["a", "long"], 15],
    [["a", "after"], 19],
    [["a", "last"], 21],
    [["s"], 22],
    [["s", 0], 22],
    [["s", 0, "name"], 23],
    [["s", 0, "sub"], 24],
    [["s", 0, "sub", "x"], 25],
    [["s", 0, "t", 0, "y"], 27],
    [["s", 0, "t", 1], 28],
    [["s", 0, "t", 1, "y"], 29],
    [["s", 1, "name"], 31],
    [["s", 1, "t", 0, "y"], 33],
    [["end", "z"], 35],
  ];
  for (const [path, line] of expected) assert.equal(lines.lineOf(path), line, JSON.stringify(path));
});

Deno.test("what has no place gets the one of what is around it", () => {
  const lines = mapLines(TEXT);
  assert.equal(lines.lineOf(["a", "missing", "deep"]), 3);
  assert.equal(lines.lineOf(["s", 1, "missing"]), 30);
  assert.equal(lines.lineOf(["nothing"]), null);
});

Deno.test("carriage returns before line ends change nothing", () => {
  const lines = mapLines(TEXT.replaceAll("\n", "\r\n"));
  assert.equal(lines.lineOf(["s", 1, "t", 0, "y"]), 33);
});
