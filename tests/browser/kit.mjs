// What the browser tests share: what they need, waiting, one test after the other, and visitors with Chromium.
// They end with 77 (skipped) where chromium, playwright-core or a program is missing, unless PARLEY_REQUIRE_ALL is set.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const here = dirname(fileURLToPath(import.meta.url));
const executablePath = "/usr/bin/chromium";
const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"];

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(process.env.PARLEY_REQUIRE_ALL ? 1 : 77);
}

// `programs`: files that must be there. Returns playwright's chromium.
export async function needed(programs) {
  for (const program of programs) if (!existsSync(program)) skip(`${program} is not built`);
  if (!existsSync(executablePath)) skip("chromium is not installed");
  if (!existsSync(join(here, "node_modules/.package-lock.json"))) {  // npm writes it last
    try {
      execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here, stdio: "pipe", timeout: 60000 });
    } catch {
      skip("npm cannot install playwright-core");
    }
  }
  return (await import("playwright-core")).chromium;
}

export async function until(what, good, limit = 20000) {
  const end = Date.now() + limit;
  for (;;) {
    if (await good().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((later) => setTimeout(later, 40));
  }
}

export class Tests {
  failures = 0;
  problems = []; // what a script threw, or the content policy forbade, on any visitor's page

  async launch(chromium) {
    this.browser = await chromium.launch({ executablePath, args: flags, headless: true });
  }
  async visitor(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.on("pageerror", (error) => this.problems.push(String(error)));
    page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) this.problems.push(message.text()); });
    return page;
  }
  async test(name, body) {
    try {
      await body();
      console.log(`ok      ${name}`);
    } catch (error) {
      this.failed(`${name}\n${error.stack}`);
    }
  }
  noProblems() {
    return this.test("no script failed, and the content policy had nothing to forbid", async () => assert.deepEqual(this.problems, []));
  }
  failed(what) {
    this.failures += 1;
    console.log(`FAILED  ${what}`);
  }
  end() {
    console.log(this.failures ? `${this.failures} failed` : "all passed");
    process.exit(this.failures ? 1 : 0);
  }
}

// A room's live page.
export const live = (page) => page.waitForSelector(".link-state[data-state=live]");
export const says = async (page, words) => { await page.fill("#text", words); await page.press("#text", "Enter"); };
export const message = (page, words) => page.locator(".talk .message:not([data-client])", { hasText: words });
