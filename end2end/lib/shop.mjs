// An application to release: small web servers as images, three environments, and visitors.

import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const PROGRAM = ["python3", "-m", "http.server", "${PORT}", "--bind", "127.0.0.1"];
const WAIT_MS = 30_000;

/** Declares `shop` with these environments, bakes its images and starts the first one everywhere. */
export async function openShop(server, { environments, versions, settings = "" }) {
  const ports = {};
  for (const env of environments) ports[env] = await freePort();
  const file = join(server.data, "shop.toml");
  await writeFile(file, declaration(ports, settings));
  await server.command("apply", "-f", file);
  for (const version of versions) {
    const folder = join(server.data, `shop-${version}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "index.html"), `shop ${version}\n`);
    await server.command("image", "bake", folder, "--app", "shop", "--version", version, "--", ...PROGRAM);
  }
  for (const env of environments) {
    await start(server, env, versions[0], "blue-green", "--watch");
  }
  return ports;
}

/** Resolves to the rollout's id. */
export async function start(server, env, version, strategy, ...more) {
  const what = ["--app", "shop", "--env", env, "--image", version, "--strategy", strategy];
  if (more.includes("--watch")) return server.command("rollout", "start", ...what, ...more);
  return JSON.parse(await server.command("rollout", "start", ...what, "--json", ...more)).id;
}

/** The rollout as the REST interface shows it. */
export async function show(server, id) {
  return JSON.parse(await server.command("rollout", "show", String(id), "--json"));
}

/** Waits until the rollout is as `holds` says. */
export async function until(server, id, what, holds) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const rollout = await show(server, id);
    if (holds(rollout)) return rollout;
    if (Date.now() > deadline) {
      throw new Error(`rollout ${id} is not ${what} in time, it is ${rollout.state}: ${rollout.sentence}`);
    }
    await pause(100);
  }
}

/** One visitor a port, about 30 requests a second each, until stopped. Counts what was lost. */
export function visitors(ports) {
  let open = true;
  const tally = { served: 0, lost: 0 };
  const loops = ports.map(async (port) => {
    while (open) {
      if (await visit(port)) tally.served += 1;
      else tally.lost += 1;
      await pause(30);
    }
  });
  return {
    tally,
    async stop() {
      open = false;
      await Promise.all(loops);
    },
  };
}

function visit(port) {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: "/", timeout: 5_000 }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode === 200));
      answer.once("error", () => resolve(false));
    })
      .once("timeout", function () {
        this.destroy(new Error("no answer"));
      })
      .once("error", () => resolve(false));
  });
}

function declaration(ports, settings) {
  const environments = Object.entries(ports).map(
    ([name, port]) => `
[[environment]]
name = "${name}"
listen = "127.0.0.1:${port}"
instances = 1
health = { path = "/", interval_ms = 100, healthy_after = 1, unhealthy_after = 5, timeout_ms = 3000, start_timeout_ms = 30000 }
${settings}`,
  );
  return `[application]\nname = "shop"\n${environments.join("\n")}`;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
