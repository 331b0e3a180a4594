// What a rollback leaves behind, a hold and a veto, is taken away on screen: in a browser with script, in
// one without, and not by somebody who may not.

import assert from "node:assert/strict";
import { assertAccessible } from "../lib/axe.mjs";
import { hydrated } from "../lib/browser.mjs";
import { openShop, start, until } from "../lib/shop.mjs";
import { enter, suite } from "../lib/suite.mjs";

// Nobody visits this shop: a canary waits, and is taken back.
const SETTINGS = `[environment.canary]
weights = [10, 100]
pause_ms = 500
min_requests = 5
baseline = false
`;

const ENVIRONMENTS = ["dev", "staging", "prod"];

async function setUp(server) {
  await openShop(server, { environments: ENVIRONMENTS, versions: ["1.0", "1.1"], settings: SETTINGS });
  for (const env of ENVIRONMENTS) {
    const id = await start(server, env, "1.1", "canary");
    await until(server, id, "waiting for figures", (rollout) => rollout.state === "paused");
    await server.command("rollout", "rollback", String(id));
    await until(server, id, "rolled back", (rollout) => rollout.state === "rolled_back");
  }
}

const stopOf = (page, env) => page.locator(`#env-${env}`);
const drawer = (page) => page.locator(".drawer");
const held = async (server) => JSON.parse(await server.command("hold", "list", "--json"));
const isHeld = async (server, env) => JSON.stringify(await held(server)).includes(`"${env}"`);

suite(
  "removal",
  ({ test }) => {
    test("hold and veto are removed in place, and the page says who did it", async ({ page, server }) => {
      await page.goto("/applications/shop");
      await hydrated(page);
      await page.evaluate(() => (globalThis.marked = true));
      const stop = stopOf(page, "dev");
      await stop.getByText("On hold.").waitFor();

      await stop.getByRole("link", { name: "Remove the hold…" }).click();
      await page.locator("#drawer-title:focus").waitFor();
      assert.match(await drawer(page).innerText(), /was rolled back/);
      assert.match(await drawer(page).innerText(), /Automation may start rollouts in dev again/);
      await assertAccessible(page);
      // What lies behind an open drawer is not reached.
      assert.ok(await page.locator(".path[inert]").count(), "the page behind the drawer takes the focus");
      await drawer(page).getByRole("button", { name: "Remove the hold" }).click();
      await drawer(page).waitFor({ state: "detached" });
      await stop.getByText("On hold.").waitFor({ state: "detached" });
      await stop.getByText("Hold removed").waitFor();
      await page.locator("#start-dev:focus").waitFor();
      assert.equal(await isHeld(server, "dev"), false);

      await stop.getByRole("link", { name: "Remove the veto…" }).click();
      await drawer(page).getByText("1.1 may be started in dev again").waitFor();
      await drawer(page).getByRole("button", { name: "Remove the veto" }).click();
      await stop.getByText("1.1 is vetoed.").waitFor({ state: "detached" });
      await stop.getByText("Veto of 1.1 removed").waitFor();
      assert.match(await stop.innerText(), /Veto of 1\.1 removed\s+owner/);

      await page.goto("/applications/shop?promote=dev");
      await hydrated(page);
      assert.ok(await page.locator(".drawer label", { hasText: "1.1" }).locator("input").isEnabled());
      assert.equal(await isHeld(server, "staging"), true, "another environment's hold went as well");
    });

    test("without script: hold and veto are removed", { javaScriptEnabled: false }, async ({ page, server }) => {
      await page.goto("/applications/shop");
      await stopOf(page, "staging").getByRole("link", { name: "Remove the hold…" }).click();
      await drawer(page).getByRole("button", { name: "Remove the hold" }).click();
      await page.waitForURL("**/applications/shop#env-staging");
      assert.match(await stopOf(page, "staging").innerText(), /Hold removed/);
      assert.equal(await isHeld(server, "staging"), false);

      await stopOf(page, "staging").getByRole("link", { name: "Remove the veto…" }).click();
      await drawer(page).getByRole("button", { name: "Remove the veto" }).click();
      await page.waitForURL("**/applications/shop#env-staging");
      const told = await stopOf(page, "staging").innerText();
      assert.match(told, /Veto of 1\.1 removed/);
      assert.doesNotMatch(told, /is vetoed/);
    });

    test("drawer closes by the keyboard and changes nothing", async ({ page, server }) => {
      await page.goto("/applications/shop");
      await hydrated(page);
      await stopOf(page, "prod").getByRole("link", { name: "Remove the hold…" }).focus();
      await page.keyboard.press("Enter");
      await page.locator("#drawer-title:focus").waitFor();
      await page.keyboard.press("Escape");
      await drawer(page).waitFor({ state: "detached" });
      await page.locator("#start-prod:focus").waitFor();
      assert.equal(await isHeld(server, "prod"), true);
    });

    test("who may not is told why beside the button", { stranger: true }, async ({ page, server }) => {
      await enter(page, await server.command("login-link", "--name", "eva", "--role", "viewer"));
      for (const what of ["hold", "veto"]) {
        await page.goto("/applications/shop");
        await hydrated(page);
        await stopOf(page, "prod").getByRole("link", { name: `Remove the ${what}…` }).click();
        assert.ok(await drawer(page).getByRole("button", { name: `Remove the ${what}` }).isDisabled());
        assert.match(await drawer(page).innerText(), /approver/);
      }
      assert.equal(await isHeld(server, "prod"), true);
    });

    test("refusal that comes only with the click is shown where it was made", { allow: [/status of 503/, /503 from/] }, async ({ page }) => {
      await page.goto("/applications/shop");
      await hydrated(page);
      await page.route("**/api/v1/holds/**", (route) =>
        route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, detail: "the disk is full", remedy: "make room" }) }),
      );
      await stopOf(page, "prod").getByRole("link", { name: "Remove the hold…" }).click();
      const button = drawer(page).getByRole("button", { name: "Remove the hold" });
      await button.click();
      await drawer(page).getByText(/the disk is full\W+make room/i).waitFor();
      assert.ok(await button.isEnabled(), "there is no second try");
    });
  },
  { setUp },
);
