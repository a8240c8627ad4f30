/** Networks of IP addresses: `10.0.0.5`, `10.1.0.0/16`, `2001:db8::/32`. */
import { err, ok, type Result } from "../base/result.ts";
import { parseIpv4, parseIpv6 } from "./address.ts";

export interface Network {
  /** 4 or 16; those behind the prefix are zero. */
  readonly octets: Uint8Array;
  /** 0..32 or 0..128. */
  readonly prefix: number;
}

export type Networks = readonly Network[];

/** Reads an address or a network; the problem is one phrase. */
export function parseNetwork(text: string): Result<Network, string> {
  const [host = "", length, ...more] = text.split("/");
  const octets = addressOctets(host);
  if (octets === null || more.length > 0) {
    return err("an IP address or a network such as 10.1.0.0/16 is needed");
  }
  const bits = octets.length * 8;
  if (length === undefined) return ok({ octets, prefix: bits });
  const prefix = /^[0-9]{1,3}$/.test(length) ? Number(length) : NaN;
  if (!(prefix <= bits)) return err(`the prefix must be 0 to ${bits}`);
  const masked = maskOctets(octets, prefix);
  if (masked.some((octet, i) => octet !== octets[i])) {
    return err(`there are bits set behind the prefix /${prefix}`);
  }
  return ok({ octets, prefix });
}

/** True when the address lies in one of them. IPv4 inside IPv6 (`::ffff:10.0.0.5`) counts as IPv4. */
export function includes(networks: Networks, address: string): boolean {
  const octets = addressOctets(address);
  if (octets === null) return false;
  return networks.some((network) =>
    network.octets.length === octets.length &&
    maskOctets(octets, network.prefix).every((octet, i) => octet === network.octets[i])
  );
}

/** 4 or 16 octets; null when it is no IP address. */
export function addressOctets(text: string): Uint8Array | null {
  const four = parseIpv4(text);
  if (four !== null) return four;
  const six = parseIpv6(text);
  if (six === null) return null;
  const isMapped = six.subarray(0, 10).every((octet) => octet === 0) && six[10] === 0xff && six[11] === 0xff;
  return isMapped ? six.slice(12) : six;
}

/** The octets with those behind the prefix cleared. */
export function maskOctets(octets: Uint8Array, prefix: number): Uint8Array {
  return octets.map((octet, i) => {
    const bits = Math.min(Math.max(prefix - i * 8, 0), 8);
    return octet & (0xff << (8 - bits)) & 0xff;
  });
}
