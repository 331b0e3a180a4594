// Accessibility as axe judges it: WCAG 2.2 A and AA.

import assert from "node:assert/strict";
import axe from "axe-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const BLOCKING = ["serious", "critical"];

/** Fails with one readable line for each serious or critical violation. */
export async function assertAccessible(page) {
  // Evaluated from outside the page, so that the page's own security policy stays in force.
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } }),
    TAGS,
  );
  assert.ok(passes.length > 0, "axe judged nothing");
  const found = violations
    .filter((violation) => BLOCKING.includes(violation.impact))
    .flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  assert.deepEqual(found, []);
}
