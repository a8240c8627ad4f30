import type { PublishAction } from "../../publish/action.ts";

/**
 * What programs and webhooks are told, as JSON (PRODUCT.md, Publishers). `rehearsal` is there only when nothing is to
 * change: whoever wants to may then prove no more than that it could be done.
 */
export function wishOf(
  service: string,
  action: PublishAction,
): Readonly<Record<string, string | boolean | null>> {
  if (action.kind === "read") return { service };
  const { target, value, previous, epoch, rehearsal } = action;
  const wish = { service, target, address: value, previous, epoch };
  return rehearsal === true ? { ...wish, rehearsal } : wish;
}

/** Of what the world shows, characters at most: an address or a host name. */
const MAX_SHOWN = 255;

/** True for what can be shown: one word that is not too long. */
export function isOneWord(text: string): boolean {
  return !/[\s\p{Cc}]/u.test(text) && text.length <= MAX_SHOWN;
}
