// Every page, with something on it and with nothing: its accessibility, its width, its keyboard, and
// whether the commands it tells a person to run are the product's.

import assert from "node:assert/strict";
import { assertAccessible } from "../lib/axe.mjs";
import { hydrated } from "../lib/browser.mjs";
import { openShop, start, until } from "../lib/shop.mjs";
import { suite } from "../lib/suite.mjs";

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

// Nobody visits this shop: the canary waits for its figures, and moves no further.
const SETTINGS = `[environment.canary]
weights = [10, 100]
pause_ms = 500
min_requests = 5
`;

const shop = {};

async function setUp(server) {
  await openShop(server, { environments: ["dev", "prod"], versions: ["1.0", "1.1"], settings: SETTINGS });
  shop.moving = await start(server, "prod", "1.1", "canary");
  await until(server, shop.moving, "waiting for figures", (rollout) => rollout.state === "paused");
  const { images } = JSON.parse(await server.command("image", "list", "--json"));
  shop.digest = images.find((image) => image.version === "1.1").digest;
}

const PAGES = {
  Now: () => "/",
  Applications: () => "/applications",
  Application: () => "/applications/shop",
  "the drawer": () => "/applications/shop?promote=dev&image=1.1&strategy=canary",
  "a rollout that moves": () => `/rollouts/${shop.moving}`,
  "a rollout that is over": () => "/rollouts/1",
  Images: () => "/images",
  "an image": () => `/images/${shop.digest}`,
  History: () => "/history",
  "what is not there": () => "/nowhere",
};

const sideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

suite(
  "pages",
  ({ test }) => {
    for (const viewport of [WIDE, PHONE]) {
      for (const colorScheme of ["light", "dark"]) {
        const how = `${colorScheme}, ${viewport.width} px wide`;
        test(`axe finds nothing serious on any page, ${how}`, { colorScheme, viewport, allow: [/status of 404/] }, async ({ page }) => {
          for (const [name, path] of Object.entries(PAGES)) {
            await page.goto(path());
            await hydrated(page);
            await assertAccessible(page).catch((error) => {
              error.message = `${name}: ${error.message}`;
              throw error;
            });
            assert.equal(await sideways(page), 0, `${name} scrolls sideways`);
          }
        });

        test(`axe finds nothing serious on the sign-in wall, ${how}`, { colorScheme, viewport, stranger: true, allow: [/status of 401/] }, async ({ page }) => {
          const response = await page.goto("/");
          assert.equal(response.status(), 401);
          const main = page.locator("main");
          assert.equal(await main.evaluate((main) => getComputedStyle(main).display), "grid", "it is not styled");
          await assertAccessible(page);
          assert.equal(await sideways(page), 0);
        });

        test(`axe finds nothing serious on the page of a sign-in link, ${how}`, { colorScheme, viewport, stranger: true }, async ({ page, server }) => {
          await page.goto(await server.command("login-link"));
          await page.locator("button:focus").waitFor();
          await assertAccessible(page);
          assert.equal(await sideways(page), 0);
        });
      }
    }

    test("keyboard reaches the buttons of a rollout in their order", async ({ page }) => {
      await page.goto(`/rollouts/${shop.moving}`);
      await hydrated(page);
      // What is further away opens first, by the keyboard as well.
      await page.locator(".verbs-more summary").focus();
      await page.keyboard.press("Enter");
      await page.locator(".verbs-further").waitFor();
      await page.locator(".skip-link").focus();
      const wanted = await page.locator(".verbs-row button:enabled").allInnerTexts();
      assert.ok(wanted.includes("Cancel") && wanted.length >= 3, `only ${wanted}`);
      const met = [];
      for (let tabs = 0; tabs < 30 && met.length < wanted.length; tabs += 1) {
        await page.keyboard.press("Tab");
        const on = await page.evaluate(() => {
          const { activeElement } = document;
          return activeElement.closest(".verbs-row") && activeElement.matches("button") ? activeElement.innerText : null;
        });
        if (on !== null) met.push(on);
      }
      assert.deepEqual(met, wanted);
    });

    test("legends tell every group by its role", async ({ page }) => {
      await page.goto(`/rollouts/${shop.moving}`);
      await hydrated(page);
      const legends = await page.locator(".chart-legend").all();
      assert.equal(legends.length, 3);
      for (const legend of legends) {
        const told = (await legend.locator(".chart-who").allInnerTexts()).map((text) => text.trim());
        assert.deepEqual(told.toSorted(), ["baseline 1.0", "canary 1.1", "stable 1.0"]);
      }
      const asked = await page.locator(".groups tbody .pill").allInnerTexts();
      assert.deepEqual(asked.toSorted(), ["baseline", "canary", "stable"]);
    });

    test("Now tells a rollout's step in versions", async ({ page }) => {
      await page.goto("/");
      const step = await page.locator(".moving-state").first().innerText();
      assert.match(step, /1\.1/);
      assert.doesNotMatch(step, /shop-prod-v\d+/);
    });

    for (const viewport of [WIDE, PHONE]) {
      test(`names in the timeline are whole or not there, ${viewport.width} px wide`, { viewport }, async ({ page }) => {
        await page.goto(`/rollouts/${shop.moving}`);
        await hydrated(page);
        const labels = await page.locator(".timeline-drawing svg svg").evaluateAll((bars) =>
          bars.flatMap((bar) => {
            const text = bar.querySelector("text");
            if (!text || getComputedStyle(text).display === "none") return [];
            const box = bar.querySelector("rect").getBoundingClientRect();
            return [{ name: text.textContent, over: text.getBoundingClientRect().right - box.right }];
          }),
        );
        assert.ok(labels.length > 0, "no name is shown");
        for (const { name, over } of labels) assert.ok(over <= 0, `${name} is cut by ${over} px`);
      });
    }

    test("verbs stay under the thumb while one reads down", { viewport: PHONE }, async ({ page }) => {
      await page.goto(`/rollouts/${shop.moving}`);
      await hydrated(page);
      const back = page.getByRole("button", { name: "Roll back to 1.0" });
      for (const y of [0, 600, 100_000]) {
        await page.evaluate((y) => scrollTo(0, y), y);
        const box = await back.boundingBox();
        assert.ok(box && box.y >= 0 && box.y + box.height <= PHONE.height, `at ${y}: ${JSON.stringify(box)}`);
        assert.ok(box.height >= 24 && box.x >= 0 && box.x + box.width <= PHONE.width, JSON.stringify(box));
      }
      // The last line of the page is not behind them.
      const last = await page.locator("main > :last-child").boundingBox();
      const bar = await page.locator(".verbs-near").boundingBox();
      assert.ok(last.y + last.height <= bar.y, `the page ends at ${last.y + last.height}, the bar begins at ${bar.y}`);
    });

    test("steps of a phase are unfolded without script", { javaScriptEnabled: false }, async ({ page }) => {
      await page.goto(`/rollouts/${shop.moving}`);
      const phase = page.locator(".ladder-phase", { hasText: "10%" }).first();
      assert.match(await phase.locator("summary").innerText(), /asked 10% · observed 10%/);
      assert.equal(await phase.locator(".rung").first().isVisible(), false);
      await phase.locator("summary").click();
      assert.ok(await phase.locator(".rung").first().isVisible());
    });

    test("drawer is opened, chosen in and closed without a pointer", async ({ page }) => {
      await page.goto("/applications/shop");
      await hydrated(page);
      const open = page.locator(".stop", { has: page.getByRole("heading", { name: "dev" }) }).getByText("Start a rollout…");
      await open.focus();
      await page.keyboard.press("Enter");
      await page.locator("#drawer-title:focus").waitFor();
      await page.locator(".drawer input[name=image]:enabled").first().focus();
      await page.keyboard.press("Space");
      await page.locator(".planned").waitFor();
      // The plan was drawn anew, and the keyboard is where it was.
      await page.locator(".drawer input[name=image]:checked:focus").waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".drawer").waitFor({ state: "detached" });
    });
  },
  { setUp },
);

suite("empty pages", ({ test }) => {
  test("commands they tell to run are the product's", async ({ page, server }) => {
    const told = [];
    for (const path of ["/", "/applications", "/images", "/history"]) {
      await page.goto(path);
      await hydrated(page);
      told.push(...(await page.locator(".command-line").allInnerTexts()));
    }
    assert.ok(told.length >= 4, `only ${told}`);
    for (const line of told) {
      const [program, ...words] = line.replace(/^\$\s*/, "").trim().split(/\s+/);
      assert.equal(program, "viridian", line);
      const ours = words.slice(0, words.includes("--") ? words.indexOf("--") : words.length);
      const verbs = ours.slice(0, ["image", "rollout"].includes(ours[0]) ? 2 : 1);
      const help = await server.help(...verbs);
      const flags = ours.filter((word) => word.startsWith("-"));
      for (const flag of flags) assert.match(help, new RegExp(`(^|\\s)${flag}[\\s,]`), `${line}: ${flag}`);
      const [, usage] = help.match(/Usage: viridian (.*)/);
      for (const [, needed] of usage.replace(/\[[^\]]*\]/g, "").matchAll(/(--[a-z]+)/g)) {
        assert.ok(flags.includes(needed) || (needed === "--file" && flags.includes("-f")), `${line} lacks ${needed}`);
      }
    }
  });

  for (const viewport of [WIDE, PHONE]) {
    test(`axe finds nothing serious on them, ${viewport.width} px wide`, { viewport }, async ({ page }) => {
      for (const path of ["/", "/applications", "/images", "/history"]) {
        await page.goto(path);
        await hydrated(page);
        await assertAccessible(page);
        assert.equal(await sideways(page), 0, `${path} scrolls sideways`);
      }
    });
  }
});
