/** Keys of `[dns]` about who may copy the zones. See `keys.ts`. */
import { TSIG_ALGORITHMS } from "../dns/tsig.ts";
import { err, ok } from "../base/result.ts";
import { parseNetwork } from "../dns/network.ts";
import { choice, type Field, fromText, integer } from "./field.ts";
import { type Keys, list, optional } from "./field_table.ts";
import { foundText } from "./problem.ts";
import { inlineSecret, variable } from "./publisher_keys.ts";
import { domainName, filePath, targetAddress } from "./values.ts";

/** An IP address, or a network of them. Reads as its text. */
const network: Field<string> = fromText("an address or a network", "10.0.0.5", (value) => {
  const read = parseNetwork(value);
  return read.ok ? ok(value) : err({ message: `found ${foundText(value)}; ${read.error}` });
});

/** Addresses that nobody can forge from outside. */
export const NEVER_LIMITED = ["127.0.0.0/8", "::1"] as const;

export const limitKeys = {
  rate_limit: optional(
    integer(0, 1_000_000),
    "answers a second over UDP to one network (/24, /56), against forged addresses; 0 = no limit",
    1000,
  ),
  rate_limit_slip: optional(
    integer(0, 10),
    "each so-manieth answer above that is an empty one that asks to come back over TCP; 0 = none",
    2,
  ),
  rate_limit_exempt: optional(
    list(network, { min: 0, max: 64, orOne: true, what: "addresses" }),
    "addresses and networks without that limit",
    NEVER_LIMITED,
  ),
} as const satisfies Keys;

export const transferKeys = {
  transfer_to: optional(
    list(network, { min: 1, max: 64, orOne: true, what: "addresses" }),
    "who may copy the zones (AXFR): addresses and networks; nobody without this and transfer_key_name",
  ),
  transfer_key_name: optional(domainName, "name of the TSIG key that transfers must be signed with"),
  transfer_key_env: optional(variable, "variable that holds that key, base64"),
  transfer_key_file: optional(filePath("/etc/abfail/transfer.key"), "file that holds it, base64"),
  transfer_key: optional(inlineSecret, "the key itself, base64; better in a file"),
  transfer_key_algorithm: optional(choice(TSIG_ALGORITHMS), "what signs", "hmac-sha256"),
  notify_to: optional(
    list(targetAddress, { min: 1, max: 16, orOne: true, what: "secondaries" }),
    "secondaries that are told of every change (NOTIFY): host, or host:port; the single addresses of transfer_to when absent",
  ),
} as const satisfies Keys;
