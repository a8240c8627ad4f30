/** What several parts of the config are made of. */

/** A secret value. `toString` and JSON show `[secret]`; `reveal` is called at the moment of use. */
export interface Secret {
  reveal(): string;
}

/** host and port; IPv6 hosts come without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}
