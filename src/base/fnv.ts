/** FNV-1a, 32 bits (Fowler, Noll, Vo): tells things apart by accident, not by malice. */
export function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

/** The digest of a text as 8 hexadecimal digits. */
export function shortDigest(text: string): string {
  return fnv1a(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}
