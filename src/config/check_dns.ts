/** What must hold between the keys of `[dns]`. */
import { isWithin, type Name, parseName } from "../dns/name.ts";
import { hostKind } from "./address.ts";
import type { ReadDocument } from "./check_cluster.ts";
import { checkSecret } from "./check_publishers.ts";
import type { Reading } from "./reading.ts";

type ReadDns = NonNullable<ReadDocument["dns"]>;

/** Reports what does not fit together. */
export function checkDns(read: ReadDocument, reading: Reading): void {
  if (read.dns === undefined) return;
  checkZones(read.dns, reading);
  checkTransfer(read.dns, reading);
}

/** No zone lies in another: the outer one would need a delegation to it. */
function checkZones({ zone }: ReadDns, reading: Reading): void {
  const known: { readonly text: string; readonly name: Name }[] = [];
  for (const [i, text] of (zone ?? []).entries()) {
    const name = parseName(text);
    if (!name.ok) continue;
    const other = known.find((one) => isWithin(name.value, one.name) || isWithin(one.name, name.value));
    if (other !== undefined) {
      const same = other.name.key === name.value.key;
      const help = same ? [] : ["the outer one alone serves all names of both"];
      const what = same ? "it is there twice" : `it and "${other.text}" lie in each other`;
      reading.report(["dns", "zone", i], `found "${text}"; ${what}`, help);
    }
    known.push({ text, name: name.value });
  }
}

function checkTransfer(dns: ReadDns, reading: Reading): void {
  const { transfer_key: key, transfer_key_env: env, transfer_key_file: file, transfer_key_name: name } = dns;
  const given = checkSecret(
    { transfer_key: key, transfer_key_env: env, transfer_key_file: file },
    ["dns"],
    reading,
  );
  const nameAt = ["dns", "transfer_key_name"];
  if (given !== null && name === undefined && !reading.isBad(nameAt)) {
    reading.report(["dns", given], "transfer_key_name is needed with it");
  }
  const bad = ["transfer_key", "transfer_key_env", "transfer_key_file"].some((way) =>
    reading.isBad(["dns", way])
  );
  if (given === null && name !== undefined && !bad) {
    reading.report(nameAt, "transfer_key_file, transfer_key_env or transfer_key is needed with it");
  }
  if (given === null && dns.transfer_to !== undefined) {
    reading.warn(
      ["dns", "transfer_to"],
      "transfers are not signed (transfer_key_name): whoever has such an address can copy the zone",
    );
  }
  for (const [i, { host }] of (dns.notify_to ?? []).entries()) {
    if (hostKind(host) !== "name") continue;
    reading.report(
      ["dns", "notify_to", i],
      `found "${host}"; an IP address is needed: it may not hang on DNS`,
    );
  }
  if (dns.notify_to !== undefined && given === null && dns.transfer_to === undefined) {
    reading.warn(["dns", "notify_to"], "they are told of changes and may not copy the zone (transfer_to)");
  }
}
