// One suite is one server and one browser; each of its tests gets a fresh browser context.
//
//   suite("rollout", ({ test }) => {
//     test("promote asks first", async ({ page, server }) => { … });
//     test("reads without script", { javaScriptEnabled: false }, async ({ page }) => { … });
//   });
//
// A test fails on any console error, exception or 5xx, unless `allow` holds a pattern for it. It is
// signed in as an administrator, unless it is a `stranger`.
// Other options go to Playwright's browser context: viewport, colorScheme, javaScriptEnabled …

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as node from "node:test";
import { fileURLToPath } from "node:url";
import { launch, watch } from "./browser.mjs";
import { Server } from "./server.mjs";

const RESULTS = fileURLToPath(new URL("../test-results", import.meta.url));
const TEST_MS = 60_000;
const WAIT_MS = 10_000;

export function suite(name, define, { server: serverOptions, setUp, tearDown } = {}) {
  node.describe(name, () => {
    let server;
    let browser;
    let signedIn;
    node.before(async () => {
      server = await Server.start(serverOptions);
      browser = await launch();
      signedIn = await signIn(browser, server);
      await setUp?.(server);
    });
    node.after(async () => {
      await tearDown?.();
      await browser?.close();
      await server?.stop();
    });

    const test = (title, ...rest) => {
      const body = rest.pop();
      const { allow = [], stranger = false, ...contextOptions } = rest.pop() ?? {};
      node.test(title, { timeout: TEST_MS }, async () => {
        const storageState = stranger ? undefined : signedIn;
        const context = await browser.newContext({
          baseURL: server.url,
          storageState,
          ...contextOptions,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(WAIT_MS);
        const faults = watch(page);
        try {
          await body({ page, context, server });
          const unexpected = faults.filter((fault) => !allow.some((pattern) => pattern.test(fault)));
          assert.deepEqual(unexpected, [], "the page reported errors");
        } catch (error) {
          error.message += await evidence(page, `${name} ${title}`, server);
          throw error;
        } finally {
          await context.close();
        }
      });
    };
    define({ test, server: () => server });
  });
}

/** The way a person takes: a one-time link is opened in the browser, and its button pressed. */
export async function enter(page, link) {
  const response = await page.goto(link);
  assert.equal(response.status(), 200, `the sign-in link leads to ${page.url()}`);
  await page.getByRole("button", { name: /^Sign in as / }).click();
  await page.waitForURL((url) => url.pathname === "/");
}

/** Resolves to the cookies of a browser that came in by a link. */
async function signIn(browser, server) {
  const link = await server.command("login-link");
  const context = await browser.newContext();
  const page = await context.newPage();
  await enter(page, link);
  const state = await context.storageState();
  assert.ok(state.cookies.length > 0, "signing in sets a cookie");
  await context.close();
  return state;
}

/** What helps to understand a failure: where the page was, how it looked, what the server said. */
async function evidence(page, title, server) {
  const picture = join(RESULTS, `${title.replace(/[^a-z0-9]+/gi, "-")}.png`);
  try {
    await mkdir(RESULTS, { recursive: true });
    await page.screenshot({ path: picture, fullPage: true });
  } catch {
    // A page that has crashed has no picture; the failure itself is what matters.
  }
  return `\nat ${page.url()}\npicture: ${picture}\nserver:\n${server.log(15)}`;
}
