// Starts the real binary on a free port with a data folder of its own, and stops it again.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

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

  /** Runs a command of the product on this server's data folder; resolves to what it wrote. */
  async command(...args) {
    // What comes after `--` is a program's, not ours.
    const cut = args.includes("--") ? args.indexOf("--") : args.length;
    const all = [...args.slice(0, cut), "--data", this.data, ...args.slice(cut)];
    const { stdout } = await promisify(execFile)(BINARY, all);
    return stdout.trim();
  }

  /** What a command of the product says of itself. */
  async help(...command) {
    const { stdout } = await promisify(execFile)(BINARY, [...command, "--help"]);
    return stdout;
  }

  /** Asks it to end and waits; a server or a node that does not end is a failure. */
  async stop() {
    const child = this.#child;
    try {
      if (child && child.exitCode === null && child.signalCode === null) {
        await end("the server", child.pid);
        await this.#exited;
      }
    } finally {
      await this.#stopNode();
      await rm(this.data, { recursive: true, force: true });
    }
  }

  /**
   * The server leaves its node running on purpose, and a node its instances. The folder is this
   * test's own, and so are they.
   */
  async #stopNode() {
    const lock = await readFile(join(this.data, "node", "node.lock"), "utf8").catch(() => "");
    const pid = Number.parseInt(lock, 10);
    if (!Number.isInteger(pid) || !alive(pid)) return;
    await this.#shutNodeDown().catch(() => {});
    if (alive(pid)) await end("the node", pid);
  }

  #shutNodeDown() {
    return new Promise((resolve, reject) => {
      const asked = request({
        socketPath: join(this.data, "node", "node.sock"),
        method: "POST",
        path: "/v1/shutdown",
        headers: { host: "node", "content-type": "application/json" },
        timeout: STOP_MS,
      });
      asked.once("response", (answer) => answer.resume().once("end", resolve).once("error", reject));
      asked.once("timeout", () => asked.destroy(new Error("the node did not answer")));
      asked.once("error", reject);
      asked.end('{"instances":"stop"}');
    });
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

async function end(what, pid) {
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + STOP_MS;
  while (alive(pid)) {
    if (Date.now() > deadline) {
      process.kill(pid, "SIGKILL");
      throw new Error(`${what} did not end within ${STOP_MS} ms of SIGTERM`);
    }
    await pause(20);
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
