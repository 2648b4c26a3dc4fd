// The page in a real browser, over the real broker, indexer, worker and web. Usage: node page.mjs BIN-FOLDER [SHOTS-FOLDER]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";
import { Tests, live, message, needed, says, until } from "./kit.mjs";

const bin = process.argv[2];
const shots = process.argv[3];
const chromium = await needed(["parley-broker", "parley-indexer", "parley-worker", "parley-web"].map((program) => join(bin, program)));
const tests = new Tests();
const test = tests.test.bind(tests);

const folder = mkdtempSync(join(tmpdir(), "parley-page-"));
const port = await new Promise((found) => {
  const probe = createServer().listen(0, "127.0.0.1", () => { const { port } = probe.address(); probe.close(() => found(port)); });
});
const base = `http://127.0.0.1:${port}`;
writeFileSync(join(folder, "parley.toml"), `
[parley]
data = "${folder}/data"
page = "${base}"
[gateway.ops]
rooms = ["web/ops"]
[command.uptime]
summary = "How long this machine has been up"
run = ["/usr/bin/uptime", "-p"]
allow = ["*"]
[command.wait]
summary = "Waits for somebody to cancel it, under a name that is long enough to wrap on a phone"
run = ["/bin/sh", "-c", "exec sleep 60", "\${A_LONG_WORD_THAT_NO_SHELL_EXPANDS}/and/another/one/that/goes/on/and/on"]
allow = ["gateway:ops"]
[web]
listen = "127.0.0.1:${port}"
`);

const running = new Map();
function start(program) {
  const child = spawn(join(bin, program), ["--settings", join(folder, "parley.toml")], { stdio: ["ignore", "inherit", "inherit"] });
  running.set(program, child);
}
async function stop(program, signal = "SIGTERM") {
  const child = running.get(program);
  running.delete(program);
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  await ended;
}
try {
  mkdirSync(join(folder, "data"));
  for (const program of ["parley-broker", "parley-indexer", "parley-worker", "parley-web"]) start(program);
  await until("the page is healthy", async () => (await fetch(`${base}/healthz`)).ok);
  await tests.launch(chromium);

  async function visitor(name, options = {}) {
    const page = await tests.visitor(options);
    if (name) {
      await page.goto(`${base}/me`);
      await page.fill("#name", name);
      await page.click("text=Save");
    }
    return page;
  }
  const room = `${base}/room/web%2Fops`;
  const ann = await visitor("Ann");
  const ben = await visitor("Ben");
  const mark = `zebra${Date.now()}`;

  await test("two people see each other's messages, each once and in order", async () => {
    for (const page of [ann, ben]) { await page.goto(room); await live(page); }
    await says(ann, `the ${mark} is loose`);
    await message(ben, mark).waitFor();
    await says(ben, "which one?");
    await says(ben, "the striped one?");
    await message(ann, "striped").waitFor();
    for (const page of [ann, ben]) {
      await page.locator("[data-client]").first().waitFor({ state: "detached" });
      assert.deepEqual(await page.locator(".talk .text").allTextContents(), [`the ${mark} is loose`, "which one?", "the striped one?"]);
      assert.deepEqual(await page.locator(".talk .message .name").allTextContents(), ["Ann", "Ben", "Ben"]);
    }
  });

  await test("a message is found by search within a second", async () => {
    const word = `quagga${Date.now()}`;
    await says(ann, `and a ${word}`);
    await message(ann, word).waitFor();
    const from = Date.now();
    await until("the search finds it", async () => (await (await fetch(`${base}/api/search?q=${word}`)).json()).total === 1, 5000);
    console.log(`        found after ${Date.now() - from} ms`);
    assert.ok(Date.now() - from < 1000);
    await ben.goto(`${base}/`);
    await ben.fill("#q", word);
    await ben.press("#q", "Enter");
    assert.equal((await ben.locator(".hit mark").first().textContent()).toLowerCase(), word);
    await ben.locator(".hit .snippet a").click();
    await ben.waitForSelector(".message.marked");
    assert.match(await ben.locator(".message.marked").textContent(), new RegExp(word));
    await ben.goto(room);
    await live(ben);
  });

  await test("an edit, reactions that come and go, and a deletion reach the other side", async () => {
    await says(ann, "teh typo");
    await message(ann, "teh typo").hover();
    await message(ann, "teh typo").locator("[data-do=edit]").click();
    await says(ann, "the typo");
    await message(ben, "the typo").locator(".edited").waitFor();
    await message(ben, "the typo").hover();
    await message(ben, "the typo").locator("[data-do=react]").click();
    await message(ben, "the typo").locator(".palette [data-emoji='🎉']").click();
    // Both are the operator of this machine: one person, whose press adds and whose next press takes back.
    const reaction = (page) => message(page, "the typo").locator(".reaction");
    await reaction(ann).filter({ hasText: "🎉 1" }).waitFor();
    assert.equal(await reaction(ann).getAttribute("aria-pressed"), "true");
    assert.equal(await reaction(ann).getAttribute("title"), "Ben");
    await reaction(ann).click();
    await reaction(ben).waitFor({ state: "detached" });
    await message(ben, "the typo").hover();
    await message(ben, "the typo").locator("[data-do=react]").click();
    await message(ben, "the typo").locator(".palette [data-emoji='👍']").press("Enter");
    await reaction(ann).filter({ hasText: "👍 1" }).waitFor();
    await until("the archive has it", async () => { await ann.reload(); return (await reaction(ann).getAttribute("aria-pressed", { timeout: 500 })) === "true"; });
    await live(ann);
    await message(ann, "the typo").hover();
    await message(ann, "the typo").locator("[data-do=redact]").click();
    await ben.locator(".message .gone").waitFor();
    await ben.reload();
    await until("the archive has it", async () => { await ben.reload(); return (await ben.locator(".message .gone").count()) === 1; });
    await live(ben);
  });

  await test("strangers' markup stays text", async () => {
    await says(ann, "<img src=x onerror=alert(1)> **not bold**");
    assert.equal(await message(ben, "<img src=x").locator("img").count(), 0);
  });

  await test("a command runs, its answer is in the room, and its run has a page", async () => {
    await says(ann, "!uptime");
    await message(ben, /^\S*.*up /s).last().waitFor();
    const chip = message(ann, "!uptime").locator(".chip");
    await chip.locator(".succeeded").waitFor();
    const address = await chip.getAttribute("href");
    await until("the run is archived", async () => (await fetch(base + address.replace("/run/", "/api/runs/"))).ok);
    await ben.goto(base + address);
    assert.match(await ben.locator(".facts").textContent(), /\/usr\/bin\/uptime -p/);
    await until("the run has ended in the archive", async () => { await ben.reload(); return /up /.test(await ben.locator("pre.output").textContent()); });
    await ben.goto(room);
    await live(ben);
  });

  await test("a room goes on after the web server was killed, and nothing is lost or doubled", async () => {
    await stop("parley-web", "SIGKILL");
    await ann.waitForSelector(".link-state[data-state=away]");
    await says(ann, "said while it was away");
    start("parley-web");
    await live(ann);
    await message(ben, "said while it was away").waitFor();
    await message(ann, "said while it was away").waitFor();
    await ann.reload();
    await live(ann);
    assert.equal(await message(ann, "said while it was away").count(), 1);
    assert.equal(await message(ben, "said while it was away").count(), 1);
  });

  await test("search, rooms and permalinks read without JavaScript, and a form posts", async () => {
    const plain = await visitor("", { javaScriptEnabled: false });
    await plain.goto(`${base}/search?q=${mark}`);
    assert.equal(await plain.locator(".hit").count(), 1);
    await plain.locator(".hit .snippet a").click();
    assert.match(await plain.locator(".message.marked .text").textContent(), new RegExp(mark));
    await plain.goto(room);
    await plain.fill("#text", "by the form alone");
    await plain.click(".composer button[type=submit]");
    await message(ann, "by the form alone").waitFor();
    await plain.context().close();
  });

  await test("the keyboard reaches everything: skip link, search, results", async () => {
    await ann.goto(`${base}/search?q=${mark}`);
    await ann.keyboard.press("Tab");
    assert.equal(await ann.evaluate(() => document.activeElement.className), "skip");
    await ann.keyboard.press("j");
    assert.match(await ann.evaluate(() => document.activeElement.href), /\/m\//);
    await ann.keyboard.press("/");
    assert.equal(await ann.evaluate(() => document.activeElement.type), "search");
  });

  await test("a wrong query is answered with the place where it is wrong", async () => {
    await ann.goto(`${base}/search?q=${encodeURIComponent("disk (full")}`);
    await ann.waitForSelector(".query mark");
    await ann.waitForSelector("[role=alert]");
  });

  await test("a run that takes long says its id, and its page has a button that cancels it", async () => {
    await ann.goto(room);
    await live(ann);
    await says(ann, "!wait");
    const notice = message(ann, "is running").last();
    await notice.waitFor();
    const id = (await notice.textContent()).match(/!cancel ([0-9a-z]{8})/)[1];
    await until("the archive has the run", async () => (await fetch(`${base}/api/runs/${id}`)).ok);
    await ann.goto(`${base}/run/${id}`);
    await ann.click("text=Cancel this run");
    await until("it has ended", async () => (await (await fetch(`${base}/api/runs/${id}`)).json()).finished?.outcome === "cancelled");
    await ann.goto(`${base}/run/${id}`);
    await ann.locator("h1 .cancelled").waitFor();
    assert.equal(await ann.getByText("Cancel this run").count(), 0);
  });

  await test("the commands page has those of one gateway, and says where", async () => {
    await ann.goto(`${base}/commands`);
    assert.equal(await ann.locator("#wait .where").textContent(), "Only in ops");
    assert.equal(await ann.locator("#uptime .where").count(), 0);
  });

  await test("a room that is not there is answered with 404", async () => {
    assert.equal((await ann.goto(`${base}/room/web%2Fopps`)).status(), 404);
    await ann.getByText("did you mean web/ops?").waitFor();
  });

  await test("a phone shows the whole status, and what was run over the whole width", async () => {
    const phone = await visitor("", { viewport: { width: 390, height: 844 } });
    await phone.goto(`${base}/status`);
    assert.ok((await phone.locator("tbody th", { hasText: /^web$/ }).count()) > 0);
    if (shots) await phone.screenshot({ path: join(shots, "status-phone.png"), fullPage: true });
    for (const table of await phone.locator(".table").all()) {
      const [inner, outer] = await table.evaluate((element) => [element.scrollWidth, element.clientWidth]);
      assert.ok(inner <= outer, `${await table.textContent()}: ${inner} in ${outer}`);
    }
    const { hits } = await (await fetch(`${base}/api/search?q=command:wait`)).json();
    await phone.goto(`${base}/run/${hits[0].id}`);
    const [value, facts] = await phone.evaluate(() => [document.querySelector(".facts .whole dd").clientWidth, document.querySelector(".facts").clientWidth]);
    assert.ok(value > facts * 0.8, `${value} of ${facts}`);
    if (shots) await phone.screenshot({ path: join(shots, "run-phone.png"), fullPage: true });
    await phone.context().close();
  });

  await test("nothing is wider than a phone", async () => {
    const phone = await visitor("", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    for (const path of ["/", `/search?q=${mark}`, "/rooms", "/room/web%2Fops", "/commands", "/status", "/me"]) {
      await phone.goto(base + path);
      assert.ok((await phone.evaluate(() => document.documentElement.scrollWidth)) <= 360, path);
    }
    await phone.context().close();
  });

  await tests.noProblems();

  if (shots) {
    for (const [name, path, options] of [["page", "/room/web%2Fops", {}], ["search", "/search?q=zebra*", {}], ["home", "/", {}], ["status", "/status", {}], ["commands", "/commands", { colorScheme: "dark" }]]) {
      const page = await visitor("", options);
      await page.goto(base + path);
      if (name === "page") await live(page);
      await page.screenshot({ path: join(shots, `${name}.png`) });
    }
  }
} catch (error) {
  tests.failed(error.stack);
} finally {
  await tests.browser?.close();
  for (const program of [...running.keys()].reverse()) await stop(program);
  rmSync(folder, { recursive: true, force: true });
}
tests.end();
