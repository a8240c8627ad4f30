/** As much XML as Route 53 needs: elements without attributes of interest, no nesting of one name in itself. */

/** The contents of each element of that name, as they stand there. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map((m) =>
    m[1] ?? ""
  );
}

/** The text of the first element of that name; null when there is none. */
export function element(xml: string, name: string): string | null {
  const found = elements(xml, name)[0];
  return found === undefined ? null : unescape(found.trim());
}

/** A text as the content of an element. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll(
    "&apos;",
    "'",
  )
    .replaceAll(/&#(\d{1,6});/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}
