import type { HostPort } from "../config/config.ts";

/** The local addresses, as `Deno.networkInterfaces` tells them. */
export type Interfaces = () => readonly { readonly family: "IPv4" | "IPv6"; readonly address: string }[];

/**
 * The hosts to bind for one configured host. `0.0.0.0` becomes every local IPv4 address, `::` every local address
 * (as a socket on it would take both), any other host itself.
 *
 * Why: a UDP socket on all addresses answers from the one that the kernel chooses, and clients drop an answer
 * from an address that they did not ask. Link-local addresses are left out: no resolver asks there.
 */
export function expandHost(host: string, interfaces: Interfaces): string[] {
  if (!isWildcard(host)) return [host];
  const local = interfaces().filter(({ family, address }) => {
    return family === "IPv4" ? true : host !== "0.0.0.0" && !/^fe[89ab]/i.test(address);
  });
  return [...new Set(local.map(({ address }) => address))];
}

/** True for the hosts that mean "all addresses". */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Why an address could not be bound and what to do about it, in one sentence for people. */
export function explainBindFailure(address: HostPort, protocol: "UDP" | "TCP", error: unknown): string {
  return `the DNS server cannot listen on ${formatHostPort(address)} (${protocol}): ${
    reason(address, error)
  }`;
}

function reason({ port }: HostPort, error: unknown): string {
  switch (errorCode(error)) {
    case "EACCES":
    case "EPERM":
      if (port >= 1024 || port === 0) return "permission denied";
      return "permission denied: ports below 1024 need a right of their own. Give it to the program " +
        "(setcap cap_net_bind_service=+ep FILE) or to the systemd unit " +
        "(AmbientCapabilities=CAP_NET_BIND_SERVICE), or listen on another port";
    case "EADDRINUSE":
      return port === 53
        ? "the address is in use; another DNS server runs there (systemd-resolved, dnsmasq, named ...)"
        : "the address is in use";
    case "EADDRNOTAVAIL":
      return "this machine does not have that address";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The errno name of an exception of Deno, or "" when it has none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  if (error instanceof Deno.errors.AddrInUse) return "EADDRINUSE";
  if (error instanceof Deno.errors.AddrNotAvailable) return "EADDRNOTAVAIL";
  return error instanceof Deno.errors.PermissionDenied ? "EACCES" : "";
}
