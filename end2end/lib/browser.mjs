// A real Chromium, and a page that remembers everything that went wrong in it.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch() {
  return chromium.launch({ executablePath: executable(), headless: true, args: FLAGS });
}

function executable() {
  if (process.env.VIRIDIAN_CHROMIUM) return process.env.VIRIDIAN_CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // not here
      }
    }
  }
  throw new Error(`no Chromium in PATH (looked for ${NAMES.join(", ")}); on Debian: apt-get install chromium`);
}

/** Collects what a person with the developer tools open would see in red. */
export function watch(page) {
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`exception: ${error.stack ?? error}`));
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} from ${response.url()}`);
  });
  return faults;
}

/** From here on a click is handled in the browser rather than by the server. */
export function hydrated(page) {
  return page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}
