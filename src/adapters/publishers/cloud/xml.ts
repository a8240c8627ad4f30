/** As much XML as Route 53 needs: elements without attributes of interest, no nesting of one name in itself. */

/** Elements of one name that are looked for in one text: answers have a few. */
const MAX_ELEMENTS = 1000;

/**
 * The contents of each element of that name, as they stand there. Walks the text once, whatever it is: a regular
 * expression takes minutes over a mebibyte of tags that never close.
 */
export function elements(xml: string, name: string): readonly string[] {
  const found: string[] = [];
  const close = `</${name}>`;
  for (let at = 0; found.length < MAX_ELEMENTS;) {
    const open = xml.indexOf(`<${name}`, at);
    const end = open < 0 ? -1 : xml.indexOf(">", open);
    if (end < 0) break;
    at = end + 1;
    if (!/[\s>]/.test(xml.charAt(open + 1 + name.length))) continue;
    const until = xml.indexOf(close, at);
    if (until < 0) break;
    found.push(xml.slice(at, until));
    at = until + close.length;
  }
  return found;
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
