/** Judges a value by a JSON Schema, as an editor does: the words of draft 2020-12 that our schema uses, and no others. */
import assert from "node:assert/strict";

export type Schema = Readonly<Record<string, unknown>>;

/** Words that say nothing about what is right. */
const SILENT = ["$schema", "title", "description", "default", "format"];

/** What is wrong with a value; empty when it fits. */
export function schemaFaults(schema: Schema, value: unknown, path = ""): string[] {
  return Object.entries(schema).flatMap(([word, rule]) => {
    if (SILENT.includes(word)) return [];
    const judge = WORDS[word];
    assert(judge !== undefined, `the schema says ${word}, which this judge does not know`);
    return judge(rule, value, path, schema);
  });
}

type Judge = (rule: unknown, value: unknown, path: string, schema: Schema) => string[];

const told = (isRight: boolean, path: string, what: string): string[] => isRight ? [] : [`${path}: ${what}`];

function some(rule: unknown, value: unknown, path: string, exactly: boolean): string[] {
  const branches = (rule as Schema[]).map((branch) => schemaFaults(branch, value, path));
  const fitting = branches.filter((faults) => faults.length === 0).length;
  return told(exactly ? fitting === 1 : fitting > 0, path, `fits ${fitting} of ${branches.length} forms`);
}

const WORDS: Readonly<Record<string, Judge>> = {
  type: (rule, value, path) => {
    const types = [rule].flat();
    return told(
      types.includes(typeOf(value)) || (typeOf(value) === "integer" && types.includes("number")),
      path,
      `is ${typeOf(value)}`,
    );
  },
  const: (rule, value, path) => told(value === rule, path, `is not ${JSON.stringify(rule)}`),
  enum: (rule, value, path) => told((rule as unknown[]).includes(value), path, `is none of ${rule}`),
  pattern: (rule, value, path) =>
    told(
      typeof value !== "string" || new RegExp(String(rule), "u").test(value),
      path,
      `does not match ${rule}`,
    ),
  minimum: (rule, value, path) =>
    told(typeof value !== "number" || value >= Number(rule), path, "is too small"),
  maximum: (rule, value, path) =>
    told(typeof value !== "number" || value <= Number(rule), path, "is too large"),
  minLength: (rule, value, path) =>
    told(typeof value !== "string" || value.length >= Number(rule), path, "is too short"),
  maxLength: (rule, value, path) =>
    told(typeof value !== "string" || value.length <= Number(rule), path, "is too long"),
  minItems: (rule, value, path) =>
    told(!Array.isArray(value) || value.length >= Number(rule), path, "has too few"),
  maxItems: (rule, value, path) =>
    told(!Array.isArray(value) || value.length <= Number(rule), path, "has too many"),
  items: (rule, value, path) =>
    Array.isArray(value) ? value.flatMap((one, i) => schemaFaults(rule as Schema, one, `${path}[${i}]`)) : [],
  minProperties: (rule, value, path) =>
    told(!isTable(value) || Object.keys(value).length >= Number(rule), path, "has too few keys"),
  maxProperties: (rule, value, path) =>
    told(!isTable(value) || Object.keys(value).length <= Number(rule), path, "has too many keys"),
  required: (rule, value, path) =>
    isTable(value)
      ? (rule as string[]).flatMap((key) => told(Object.hasOwn(value, key), path, `lacks ${key}`))
      : [],
  properties: (rule, value, path) =>
    isTable(value)
      ? Object.entries(rule as Record<string, Schema>).flatMap(([key, schema]) =>
        Object.hasOwn(value, key) ? schemaFaults(schema, value[key], `${path}.${key}`) : []
      )
      : [],
  additionalProperties: (rule, value, path, schema) => {
    if (!isTable(value)) return [];
    const more = Object.keys(value).filter((key) =>
      !Object.hasOwn((schema["properties"] ?? {}) as Schema, key)
    );
    if (rule === false) return more.map((key) => `${path}.${key}: unknown`);
    return more.flatMap((key) => schemaFaults(rule as Schema, value[key], `${path}.${key}`));
  },
  anyOf: (rule, value, path) => some(rule, value, path, false),
  oneOf: (rule, value, path) => some(rule, value, path, true),
};

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === "object";
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return Number.isInteger(value) ? "integer" : typeof value;
}
