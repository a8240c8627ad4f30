/** Lists that come in pages. */
import { CloudFailure } from "./failure.ts";

/** Pages of one list at most. */
export const MAX_PAGES = 10;

/**
 * Goes through the pages of a list. `visit` takes one page and says which is next: null = it was the last, or what was
 * looked for is found. Throws a CloudFailure where there is no end to them.
 */
export async function eachPage<C>(first: C, visit: (page: C) => Promise<C | null>): Promise<void> {
  let page: C | null = first;
  for (let pages = 0; page !== null; pages++) {
    if (pages === MAX_PAGES) {
      throw new CloudFailure(`the list has more than ${MAX_PAGES} pages: it is not read on`);
    }
    page = await visit(page);
  }
}
