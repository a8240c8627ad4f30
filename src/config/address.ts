/** Hosts and ports as people write them. */
import { err, ok, type Result } from "../base/result.ts";
import { parseIpv4, parseIpv6 } from "../dns/address.ts";
import { parseName } from "../dns/name.ts";
import type { HostPort } from "./config.ts";

/** What a host is. */
export type HostKind = "ipv4" | "ipv6" | "name";

/** A host, with a port where the text names one. IPv6 comes without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number | null;
}

/** What kind of host a text is, without brackets or port; null for none. */
export function hostKind(text: string): HostKind | null {
  if (parseIpv4(text) !== null) return "ipv4";
  if (parseIpv6(text) !== null) return "ipv6";
  return isHostName(text) ? "name" : null;
}

/**
 * Letters, digits, hyphens and underscores between dots, a final dot allowed, the last label not all digits
 * (RFC 1123 section 2.1): `10.0.0.300` is a mistyped address and no name.
 */
export function isHostName(text: string): boolean {
  if (!parseName(text).ok) return false;
  const labels = text.replace(/\.$/, "").split(".");
  const last = labels.at(-1) ?? "";
  return !/^[0-9]+$/.test(last) &&
    labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$/.test(label));
}

/** Reads `host`, `host:port`, an IPv6 address, `[IPv6]` or `[IPv6]:port`; the problem is one phrase. */
export function parseAddress(text: string): Result<Address, string> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return err("a URL is no address: leave out the scheme and the path");
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    const [, host = "", port] = bracketed;
    if (parseIpv6(host) === null) return err(`${quote(host)} is not an IPv6 address`);
    return withPort(host, port ?? null);
  }
  if (parseIpv6(text) !== null) return ok({ host: text, port: null });
  const colon = text.lastIndexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  if (host.includes(":")) return err("an IPv6 address with a port is written [address]:port");
  if (host === "") return err("there is no host before the port");
  if (hostKind(host) === null) {
    return err(`${quote(host)} is neither an IPv4 address, an IPv6 address nor a host name`);
  }
  return withPort(host, colon < 0 ? null : text.slice(colon + 1));
}

/** `host:port`, with brackets around IPv6. `parseAddress` reads it back. */
export function formatHostPort(address: HostPort): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** True for an address that means "all of this machine's": nobody can be reached there. */
export function isUnspecified(host: string): boolean {
  return /^[0.]+$/.test(host) || parseIpv6(host)?.every((octet) => octet === 0) === true;
}

/** True for addresses that never leave the machine. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  const four = parseIpv4(host);
  if (four !== null) return four[0] === 127;
  const six = parseIpv6(host);
  return six !== null && six.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

function withPort(host: string, text: string | null): Result<Address, string> {
  if (text === null) return ok({ host, port: null });
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) return err(`${quote(text)} is not a port: 1 to 65535`);
  return ok({ host, port });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
