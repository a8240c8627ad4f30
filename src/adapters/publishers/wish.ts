import type { PublishAction } from "../../publish/action.ts";

/** What programs and webhooks are told, as JSON (PRODUCT.md, Publishers). */
export function wishOf(service: string, action: PublishAction): Readonly<Record<string, string | null>> {
  if (action.kind === "read") return { service };
  const { target, value, previous, epoch } = action;
  return { service, target, address: value, previous, epoch };
}

/** Of what the world shows, characters at most: an address or a host name. */
const MAX_SHOWN = 255;

/** True for what can be shown: one word that is not too long. */
export function isOneWord(text: string): boolean {
  return !/[\s\p{Cc}]/u.test(text) && text.length <= MAX_SHOWN;
}
