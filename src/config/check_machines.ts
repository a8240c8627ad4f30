/** What must hold for publishers that move an address between machines. See `check_publishers.ts`. */
import type { Path } from "./lines.ts";
import type { Reading } from "./reading.ts";
import { nearest } from "./suggest.ts";

/** A target as far as it was read. */
export interface PublishedTarget {
  readonly name: string | undefined;
  /** What it publishes. */
  readonly value: string | undefined;
}

/** Each target has one machine of its own, and each address one publisher. `path` is that of the machines. */
export function checkMachines(
  ip: string | undefined,
  machines: Readonly<Record<string, number>> | undefined,
  path: Path,
  targets: readonly PublishedTarget[],
  published: Map<string, string>,
  reading: Reading,
): void {
  if (ip !== undefined) {
    const at = [...path.slice(0, -1), "ip"];
    const other = published.get(`address ${ip}`);
    if (other === undefined) published.set(`address ${ip}`, reading.show(at));
    else reading.report(at, `found "${ip}"; ${other} moves this address already`);
  }
  if (machines === undefined) return;
  const names = targets.flatMap(({ name }) => name === undefined ? [] : [name]);
  for (const name of names) {
    if (!Object.hasOwn(machines, name) && !reading.isBad([...path, name])) {
      reading.report(path, `the target "${name}" is missing`, [`such as ${name} = 3164444`]);
    }
  }
  const owners = new Map<number, string>();
  for (const [name, number] of Object.entries(machines)) {
    const near = nearest(name, names);
    const help = near === null ? [] : [`did you mean "${near}"?`];
    if (!names.includes(name)) {
      reading.report([...path, name], "there is no such target in this service", help);
    }
    const other = owners.get(number);
    if (other !== undefined) reading.report([...path, name], `"${other}" is on ${number} too`);
    owners.set(number, name);
  }
  checkApart(path, targets, reading);
}

/** What the world shows is told by what a target publishes: two that publish the same look alike. */
function checkApart(path: Path, targets: readonly PublishedTarget[], reading: Reading): void {
  const values = new Map<string, string>();
  for (const { name, value } of targets) {
    if (name === undefined || value === undefined) continue;
    const other = values.get(value);
    if (other !== undefined) {
      const text =
        `the targets "${other}" and "${name}" both publish "${value}": a switch between them would move nothing`;
      reading.report(path, text, ["leave `publish` out of the targets: their addresses differ"]);
    }
    values.set(value, name);
  }
}
