import assert from "node:assert/strict";
import { assertAccessible } from "../lib/axe.mjs";
import { hydrated } from "../lib/browser.mjs";
import { suite } from "../lib/suite.mjs";

const PHONE = { width: 390, height: 844 };

suite("frame", ({ test }) => {
  test("page hydrates without a console error", async ({ page }) => {
    await page.goto("/");
    await hydrated(page);
    assert.equal(await page.title(), "Now · Viridian");
    assert.equal(await page.locator("nav [aria-current=page]").innerText(), "Now");
  });

  test("page is whole without script", { javaScriptEnabled: false }, async ({ page }) => {
    const response = await page.goto("/");
    assert.equal(response.status(), 200);
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Now");
    assert.equal(await page.title(), "Now · Viridian");
    assert.equal(await page.locator("html[data-hydrated]").count(), 0);
  });

  test("style applies under the security policy", async ({ page }) => {
    await page.goto("/");
    const display = await page.locator(".frame").evaluate((frame) => getComputedStyle(frame).display);
    assert.equal(display, "grid");
  });

  test("script injected into the markup does not run", { allow: [/Content Security Policy/] }, async ({ page }) => {
    const faults = [];
    page.on("console", (message) => faults.push(message.text()));
    await page.goto("/");
    await hydrated(page);
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.injected = true";
      document.body.append(script);
      return globalThis.injected === true;
    });
    assert.equal(ran, false);
    assert.ok(faults.some((fault) => /Content Security Policy/.test(fault)), faults.join("\n"));
  });

  test("unknown address is a page with 404", { allow: [/404/] }, async ({ page }) => {
    const response = await page.goto("/nowhere");
    assert.equal(response.status(), 404);
    await hydrated(page);
    assert.equal(await page.title(), "Not found · Viridian");
  });

  test("skip link leads the keyboard to the content", async ({ page }) => {
    await page.goto("/");
    await hydrated(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#content:focus").waitFor();
  });

  test("phone has no sideways scroll", { viewport: PHONE }, async ({ page }) => {
    await page.goto("/");
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0);
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [{ width: 1280, height: 800 }, PHONE]) {
      const title = `axe finds nothing serious, ${colorScheme}, ${viewport.width} px wide`;
      test(title, { colorScheme, viewport }, async ({ page }) => {
        await page.goto("/");
        await hydrated(page);
        await assertAccessible(page);
      });
    }
  }
});
