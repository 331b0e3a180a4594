// A release from the first click to the last, in a browser with script and in one without.

import assert from "node:assert/strict";
import { hydrated, watch } from "../lib/browser.mjs";
import { openShop, show, start, until, visitors } from "../lib/shop.mjs";
import { enter, suite } from "../lib/suite.mjs";

// The last weight waits for a person, so that a test need not hurry.
const SETTINGS = `[environment.canary]
weights = [10, 50, 100]
pause_ms = 2500
min_requests = 5
max_error_rate = 0.2
baseline = false
approval = "anyone"
retain_ms = 1500
`;

const STEADY = 0.02;

let load;

async function setUp(server) {
  const ports = await openShop(server, {
    environments: ["dev", "staging", "prod", "plain"],
    versions: ["1.0", "1.1"],
    settings: SETTINGS,
  });
  load = visitors(Object.values(ports));
}

const pill = (page, text) => page.locator(".rollout-head .pill", { hasText: text }).waitFor({ timeout: 30_000 });
const idOf = (page) => Number(new URL(page.url()).pathname.split("/").at(-1));
const awaitsApproval = (rollout) => rollout.state === "paused" && /approv/i.test(rollout.reason ?? "");

/** A page that is loaded anew loses this. */
const mark = (page) =>
  page.evaluate(() => {
    globalThis.marked = true;
    globalThis.shifted = 0;
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        if (shift.hadRecentInput) continue;
        globalThis.shifted += shift.value;
        globalThis.shifts.push(...shift.sources.map(({ node, previousRect: from, currentRect: to }) =>
          `${shift.value.toFixed(4)} ${node?.nodeName}.${node?.className ?? ""} from ${from.x},${from.y} ${from.width}x${from.height} to ${to.x},${to.y} ${to.width}x${to.height}`));
      }
    }).observe({ type: "layout-shift" });
  });
/** From here on what moves counts: the page itself has been drawn. */
const settle = (page) =>
  page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    globalThis.shifted = 0;
    globalThis.shifts = [];
  });
const marked = (page) => page.evaluate(() => globalThis.marked === true);

/** The share observed for the group of an image, as the table says it. */
const observed = (page, version) =>
  page.locator(".groups tbody tr", { has: page.getByRole("link", { name: version, exact: true }) }).locator("td").nth(2);

suite(
  "journey",
  ({ test }) => {
    test("sign-in link works once", { stranger: true, allow: [/status of 4(01|10)/] }, async ({ page, server }) => {
      const wall = await page.goto("/");
      assert.equal(wall.status(), 401);
      const link = await server.command("login-link");
      await enter(page, link);
      await page.getByRole("heading", { name: "Now" }).waitFor();
      await page.context().clearCookies();
      const second = await page.goto(link);
      assert.equal(second.status(), 410);
    });

    test("canary is started in the drawer, watched without reload, promoted", async ({ page, context }) => {
      await page.goto("/applications/shop");
      await hydrated(page);
      await mark(page);
      const stop = page.locator(".stop", { has: page.getByRole("heading", { name: "dev" }) });
      await stop.getByText("Start a rollout…").click();
      await page.locator(".drawer label", { hasText: "1.1" }).click();
      await page.locator(".drawer label", { hasText: "Canary" }).click();
      await page.getByRole("heading", { name: "Canary 1.0 → 1.1" }).waitFor();
      assert.match(await page.locator(".planned").innerText(), /10%[\s\S]*50%[\s\S]*100%/);
      await page.getByRole("button", { name: "Start this rollout" }).click();
      await page.waitForURL("**/rollouts/*");
      await page.locator(".sentence").waitFor();
      await settle(page);

      const second = await context.newPage();
      second.setDefaultTimeout(30_000);
      const faults = watch(second);
      await second.goto(page.url());
      await hydrated(second);
      await mark(second);

      await observed(page, "1.1").filter({ hasText: "10%" }).waitFor({ timeout: 30_000 });
      await observed(page, "1.1").filter({ hasText: "50%" }).waitFor({ timeout: 30_000 });
      await observed(second, "1.1").filter({ hasText: "50%" }).waitFor();
      await page.getByRole("button", { name: "Approve" }).click({ timeout: 30_000 });
      await pill(page, "succeeded");
      await pill(second, "succeeded");
      await page.locator(".sentence", { hasText: "1.1" }).waitFor();
      assert.ok(await marked(page), "the page was loaded anew");
      assert.ok(await marked(second), "the second tab was loaded anew");
      for (const one of [page, second]) {
        const { shifted, shifts } = await one.evaluate(() => ({ shifted: globalThis.shifted, shifts: globalThis.shifts }));
        assert.ok(shifted < STEADY, `the layout shifted by ${shifted}:\n${shifts.join("\n")}`);
      }
      assert.deepEqual(faults, [], "the second tab reported errors");
    });

    test("rollback is one click, and afterwards the image is refused with the reason", async ({ page, server }) => {
      const id = await start(server, "staging", "1.1", "canary");
      await page.goto(`/rollouts/${id}`);
      await hydrated(page);
      await mark(page);
      await observed(page, "1.1").filter({ hasText: /10%|50%/ }).waitFor({ timeout: 30_000 });
      // Between two steps the click would come too late, which is the next test.
      await pill(page, "waits for approval");
      await page.getByRole("button", { name: "Roll back to 1.0" }).click();
      await pill(page, "rolled back");
      await page.locator(".verbs-reasons", { hasText: "it is over" }).waitFor();
      assert.ok(await marked(page), "the page was loaded anew");
      const shown = await show(server, id);
      assert.equal(shown.state, "rolled_back");

      await page.goto("/applications/shop?promote=staging");
      await hydrated(page);
      const choice = page.locator(".drawer label", { hasText: "1.1" });
      assert.match(await choice.innerText(), /vetoed/);
      assert.ok(await choice.locator("input").isDisabled());
    });

    // Chromium reports a refusal in its console by itself.
    test("click that came too late shows why", { allow: [/status of 409/] }, async ({ page, server }) => {
      const id = await start(server, "prod", "1.1", "canary");
      await page.goto(`/rollouts/${id}`);
      await hydrated(page);
      await page.getByRole("button", { name: "Approve" }).waitFor({ timeout: 30_000 });
      await page.route("**/promote", async (route) => {
        await server.command("rollout", "rollback", String(id));
        await until(server, id, "rolled back", (rollout) => rollout.state === "rolled_back");
        await route.continue();
      });
      await page.getByRole("button", { name: "Approve" }).click();
      await page.locator(".verbs-problem", { hasText: "it is over" }).waitFor({ timeout: 30_000 });
      await pill(page, "rolled back");
    });

    test("without script: start, roll back, promote, and a refusal's reason", { javaScriptEnabled: false }, async ({ page, server }) => {
      await page.goto("/applications/shop");
      const stop = page.locator(".stop", { has: page.getByRole("heading", { name: "plain" }) });
      await stop.getByText("Start a rollout…").click();
      await page.locator(".drawer label", { hasText: "1.1" }).click();
      await page.locator(".drawer label", { hasText: "Canary" }).click();
      await page.getByRole("button", { name: "Show the plan" }).click();
      await page.getByRole("heading", { name: "Canary 1.0 → 1.1" }).waitFor();
      await page.getByRole("button", { name: "Start this rollout" }).click();
      await page.waitForURL("**/rollouts/*");
      const id = idOf(page);
      await until(server, id, "waiting for an approval", awaitsApproval);
      await page.reload();
      assert.match(await observed(page, "1.1").innerText(), /50%/);
      await page.getByRole("button", { name: "Approve" }).click();
      await until(server, id, "over", (rollout) => rollout.state === "succeeded");
      await page.goto(`/rollouts/${id}`);
      assert.match(await page.locator(".rollout-head").innerText(), /succeeded/);

      // Back to where it came from, which a finished rollout does by one of its own.
      const back = await start(server, "plain", "1.0", "canary");
      await until(server, back, "waiting for an approval", awaitsApproval);
      await page.goto(`/rollouts/${back}`);
      await page.getByRole("button", { name: "Roll back to 1.1" }).click();
      assert.equal(idOf(page), back);
      await until(server, back, "rolled back", (rollout) => rollout.state === "rolled_back");

      // Between the look and the click somebody else was faster.
      await server.command("veto", "remove", "--app", "shop", "--env", "plain", "--image", "1.0");
      const late = await start(server, "plain", "1.0", "canary");
      await until(server, late, "waiting for an approval", awaitsApproval);
      await page.goto(`/rollouts/${late}`);
      await server.command("rollout", "rollback", String(late));
      await until(server, late, "rolled back", (rollout) => rollout.state === "rolled_back");
      await page.getByRole("button", { name: "Approve" }).click();
      assert.match(await page.getByRole("alert").innerText(), /it is over/);
      assert.equal(idOf(page), late);
    });

    test("no visitor was lost meanwhile", async () => {
      assert.ok(load.tally.served > 100, `only ${load.tally.served} visits`);
      assert.equal(load.tally.lost, 0);
    });
  },
  { setUp, tearDown: () => load?.stop() },
);
