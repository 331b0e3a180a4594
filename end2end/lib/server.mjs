// Starts the real binary on a free port with a data folder of its own, and stops it again.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
const BINARY = process.env.VIRIDIAN_BIN ?? join(TARGET, "debug", "viridian");
const SITE = process.env.VIRIDIAN_SITE ?? join(TARGET, "site");

const START_MS = 30_000;
const STOP_MS = 15_000;

export class Server {
  #child;
  #exited;
  #log = [];

  /** Resolves once the server answers. `args` go to `viridian serve` as well. */
  static async start({ args = [], env = {} } = {}) {
    const server = new Server();
    server.data = await mkdtemp(join(tmpdir(), "viridian-end2end-"));
    try {
      await server.#spawn(args, env);
    } catch (error) {
      await server.stop().catch(() => {});
      throw error;
    }
    return server;
  }

  /** The last lines it wrote, for the message of a failed test. */
  log(lines = 40) {
    return this.#log.slice(-lines).join("\n");
  }

  /** The first line it has written, or will write, that matches. */
  async line(pattern, timeoutMs = START_MS) {
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.#log.map((line) => line.match(pattern)).find(Boolean);
      if (found) return found;
      await this.#nextLine(deadline, pattern);
    }
  }

  /** Asks it to end and waits; a server that does not end is a failure. */
  async stop() {
    const child = this.#child;
    try {
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        const late = Symbol("late");
        const timer = new Promise((resolve) => setTimeout(resolve, STOP_MS, late).unref());
        if ((await Promise.race([this.#exited, timer])) === late) {
          child.kill("SIGKILL");
          await this.#exited;
          throw new Error(`the server did not end within ${STOP_MS} ms of SIGTERM\n${this.log()}`);
        }
      }
    } finally {
      await rm(this.data, { recursive: true, force: true });
    }
  }

  async #spawn(args, env) {
    const all = ["serve", "--data", this.data, "--listen", "127.0.0.1:0", "--site", SITE, ...args];
    this.#child = spawn(BINARY, all, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#log.push(`cannot start ${BINARY}: ${error.message}`);
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        this.#log.push(`ended with ${signal ?? `exit code ${code}`}`);
        resolve();
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        this.#log.push(...lines);
        this.#child.emit("viridian:line");
      });
    }
    const [, url] = await this.line(/listening on (http:\/\/\S+)/);
    this.url = url;
  }

  #nextLine(deadline, pattern) {
    return new Promise((resolve, reject) => {
      const settle = (done, value) => {
        this.#child.off("viridian:line", onLine);
        deadline.removeEventListener("abort", onAbort);
        done(value);
      };
      const fail = (what) => settle(reject, new Error(`${what}\n${this.log()}`));
      const onLine = () => settle(resolve);
      const onAbort = () => fail(`the server did not write ${pattern} in time`);
      this.#child.once("viridian:line", onLine);
      deadline.addEventListener("abort", onAbort, { once: true });
      this.#exited.then(() => fail(`the server ended before it wrote ${pattern}`));
    });
  }
}
