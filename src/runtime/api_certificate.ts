/** The certificate of this node's API over its life: read at the start, read again on reload, watched for its end. */
import { readTlsIdentity, type TlsIdentity } from "../adapters/api/tls_identity.ts";
import { ok, type Result } from "../base/result.ts";
import type { WallMs } from "../base/time.ts";
import type { ApiTlsConfig } from "../config/config.ts";

const DAY_MS = 86_400_000;
/** So long before its end status begins to say so, ms. */
const WARN_MS = 14 * DAY_MS;

export class ApiCertificate {
  #identity: TlsIdentity | null;

  private constructor(identity: TlsIdentity | null) {
    this.#identity = identity;
  }

  /** Null where the config has none: plain HTTP. The error is one sentence. */
  static read(config: ApiTlsConfig | null): Result<ApiCertificate, string> {
    const read = config === null ? ok(null) : readTlsIdentity(config);
    return read.ok ? ok(new ApiCertificate(read.value)) : read;
  }

  get identity(): TlsIdentity | null {
    return this.#identity;
  }

  /** Takes over what was read anew. */
  replace(next: ApiCertificate): void {
    this.#identity = next.identity;
  }

  problems(wallMs: WallMs): readonly string[] {
    const left = (this.#identity?.endsAt ?? Infinity) - wallMs;
    if (left > WARN_MS) return [];
    if (left <= 0) return ["The certificate of this node's API (api.cert_file) has ended"];
    const days = Math.floor(left / DAY_MS);
    const words = days === 0 ? "in less than a day" : days === 1 ? "in 1 day" : `in ${days} days`;
    return [`The certificate of this node's API (api.cert_file) ends ${words}: renew it, then reload`];
  }
}
