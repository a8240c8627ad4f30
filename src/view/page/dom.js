export const byId = (id) => document.getElementById(id);

/** An element. Text goes in as text nodes, never as markup: names come from configs and from other machines. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value) element.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== "") {
      element.append(child instanceof Node ? child : String(child));
    }
  }
  return element;
}

/** Makes `old` look like `fresh` and touches only what differs: focus, selection and scrolling stay. */
function patch(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.dataset.key !== fresh.dataset.key) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) {
    if (name !== "tabindex" && !fresh.hasAttribute(name)) old.removeAttribute(name); // see `reachable`
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  if (old.onclick !== fresh.onclick) old.onclick = fresh.onclick;
  patchChildren(old, [...fresh.childNodes]);
}

/** Children with a `data-key` are found again wherever they were; the others go by their place. */
export function patchChildren(parent, fresh) {
  const keyed = new Map(
    [...parent.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]),
  );
  fresh.forEach((child, i) => {
    const known = child.dataset && child.dataset.key ? keyed.get(child.dataset.key) : undefined;
    const there = parent.childNodes[i];
    if (known !== undefined) {
      if (known !== there) parent.insertBefore(known, there || null);
      patch(known, child);
    } else if (there === undefined || (there.dataset && there.dataset.key && keyed.has(there.dataset.key))) {
      parent.insertBefore(child, there || null);
    } else patch(there, child);
  });
  while (parent.childNodes.length > fresh.length) parent.lastChild.remove();
}

function isEmpty(cell) {
  return cell === "" || (!(cell instanceof Node) && typeof cell === "object" && cell.text === "");
}

/** A table that becomes a list of cards on a phone, without columns that are empty. `cells` are text or elements. */
export function table(caption, allHeaders, allRows, className) {
  const filled = allHeaders.map((_, i) => i === 0 || allRows.some(({ cells }) => !isEmpty(cells[i])));
  const headers = allHeaders.filter((_, i) => filled[i]);
  const rows = allRows.map(({ key, cells }) => ({ key, cells: cells.filter((_, i) => filled[i]) }));
  const head = make("tr", null, headers.map((header) => make("th", { scope: "col" }, header)));
  const body = rows.map(({ key, cells }) =>
    make(
      "tr",
      { "data-key": key },
      cells.map((cell, i) => {
        const { text, className: tone } = cell instanceof Node || typeof cell !== "object" || cell === null
          ? { text: cell }
          : cell;
        if (i === 0) return make("th", { scope: "row", class: "name" }, text);
        return make("td", { "data-label": headers[i], class: tone }, text === 0 ? "0" : text);
      }),
    )
  );
  return make(
    "div",
    { class: "wide" },
    make(
      "table",
      { class: className },
      make("caption", null, caption),
      make("thead", null, head),
      make("tbody", null, body),
    ),
  );
}

/** What can be scrolled sideways must be reachable by keyboard; what cannot is no stop on the way. */
export function reachable() {
  for (const wide of document.querySelectorAll(".wide")) {
    if (wide.scrollWidth > wide.clientWidth) wide.setAttribute("tabindex", "0");
    else wide.removeAttribute("tabindex");
  }
}

let draw = () => {};

/** Says how the page is drawn. */
export function drawWith(drawing) {
  draw = drawing;
}

/** Draws it again: something about how it is shown has changed. */
export function redraw() {
  draw();
}
