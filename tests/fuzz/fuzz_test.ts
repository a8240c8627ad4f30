/** A bounded number of cases for every parser; `deno task fuzz` runs as many as one asks for, with any seed. */
import assert from "node:assert/strict";
import { runCampaign } from "./campaign.ts";
import { SUBJECT_NAMES } from "./subjects/index.ts";
import { PLANTED_NAMES } from "./subjects/planted.ts";

/** The same cases each time: a failure here is somebody's change. */
const SEED = 1;
/** Time that the cases of one parser may take here, ms. */
const SHARE_MS = 500;
const CASES = 1500;
/** Under coverage on a busy machine one case takes several times what it does alone. */
const SLACK = 5;
/** A planted bug must be found within so many cases. */
const CANARY_CASES = 20_000;

for (const [name, what] of PLANTED_NAMES) {
  Deno.test(`canary: the fuzzer finds ${name}, makes it small, and shows it again`, async () => {
    const soon = { shrinkMs: 1500, ...(name === "planted-hang" ? { hangMs: 1000 } : {}) };
    const { finding } = await runCampaign({ subject: name, seed: SEED, cases: CANARY_CASES, ...soon });
    assert(finding !== null, "it was not found");
    assert.match(finding.what, what);
    // how slow depends on what else the machine does, and on what is compiled by then: here a share of the limit will do
    let again = "";
    for (let tries = 0; tries < 3 && !what.test(again); tries++) {
      const one = { subject: name, seed: 9, cases: 1, input: finding.input, slack: 0.25 };
      const seen = await runCampaign({ ...one, ...soon });
      again = seen.finding?.what ?? "nothing";
    }
    assert.match(again, what);
    if (name === "planted-range") assert(finding.input.length < 40, `${finding.input.length} octets`);
  });
}

for (const subject of SUBJECT_NAMES) {
  Deno.test(`${subject}: whatever comes, it ends soon, throws nothing and tells nothing that cannot be`, async () => {
    const { cases, finding } = await runCampaign({
      subject,
      seed: SEED,
      cases: CASES,
      forMs: SHARE_MS,
      slack: SLACK,
    });
    if (finding !== null) {
      const again = `deno task fuzz --seed ${SEED} --cases ${finding.index + 1} ${subject}`;
      assert.fail(`${finding.what}\n${finding.input.toBase64().slice(0, 400)}\nagain: ${again}`);
    }
    assert(cases > 0);
  });
}
