/** Probes of type `udp`: send something, wait for an answer that matches; any answer where nothing is expected. */
import { assert } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import { askByDatagram } from "./datagram.ts";
import type { Attempt, Finding } from "./finding.ts";
import { bytesOf, matcherOf } from "./payload.ts";

type UdpCheck = Extract<CheckConfig, { type: "udp" }>;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeUdp(check: UdpCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const port = target.port ?? check.port;
  assert(port !== null, "a udp check has a port");
  const matches = check.expect === null ? null : matcherOf(check.expect);
  return await askByDatagram(target.address, port, {
    bytes: bytesOf(check.send),
    take: (answer): Finding => {
      if (matches === null) return { ok: true, detail: "it answers", rule: "expect" };
      return matches(answer)
        ? { ok: true, detail: "the answer matches", rule: "expect" }
        : { ok: false, detail: "the answer does not match", rule: "expect" };
    },
  }, attempt);
}
