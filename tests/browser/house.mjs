// The page beside IRC and XMPP, in a real browser: people on real servers, and one of them signs in here.
// Usage: node house.mjs BIN-FOLDER [SHOTS-FOLDER]
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { Tests, live, message, needed, says, until } from "./kit.mjs";

const bin = process.argv[2];
const shots = process.argv[3];
const program = join(dirname(bin), "tests/page_stage");
const chromium = await needed([program, ...["parley-broker", "parley-irc", "parley-xmpp", "parley-web"].map((name) => join(bin, name))]);
const tests = new Tests();
const test = tests.test.bind(tests);

const stage = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: stage.stdout })[Symbol.asyncIterator]();
async function answer() {
  const { value, done } = await answers.next();
  if (done) throw new Error("the stage has ended");
  return JSON.parse(value);
}
// One request at a time: what is said, heard and seen by Alice on IRC and Carl on XMPP (stage.cpp).
async function ask(what, text = "", more = {}) {
  stage.stdin.write(JSON.stringify({ do: what, text, ...more }) + "\n");
  return answer();
}
async function hears(who, text) {
  const { line } = await ask(`${who} hears`, text);
  assert.ok(line, `${who} hears nothing of "${text}"`);
  return line;
}

try {
  const { url } = await answer();
  await tests.launch(chromium);
  const room = `${url}/room/web%2Flobby`;
  const page = await tests.visitor();

  await test("a link that the bot gives on IRC signs in, once", async () => {
    await page.goto(room);
    assert.match(await page.textContent("h1"), /Sign in/);
    await ask("alice tells", "!login");
    const link = (await hears("alice", "/login/")).match(/http:\S+/)[0];
    await page.goto(link);
    await page.click("button.primary");
    await page.waitForURL(`${url}/`);
    const [cookie] = await page.context().cookies();
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Strict");
    await page.goto(`${url}/me`);
    assert.equal(await page.inputValue("#name"), "alice");
    const thief = await tests.visitor();
    assert.equal((await thief.goto(link)).status(), 404);
    assert.equal((await thief.goto(room)).status(), 401);
    await thief.context().close();
  });

  await test("people on IRC, XMPP and the page hear each other", async () => {
    await page.goto(room);
    await live(page);
    await ask("alice", "from IRC");
    await ask("carl", "from *XMPP*");
    await message(page, "from IRC").waitFor();
    await message(page, "from XMPP").locator("strong").waitFor();
    await says(page, "from the page");
    await hears("alice", "<alice> from the page");
    await hears("carl", "<alice> from the page");
  });

  for (const [who, word] of [["alice", "tangerine"], ["carl", "pomegranate"]]) {
    await test(`a command that ${who} asks elsewhere is answered on the page, and found there within a second`, async () => {
      await page.goto(room);
      await live(page);
      await ask(who, `!echo ${word}`);
      await hears(who, word);
      const answered = Date.now();
      // The same page is asked for by its bare markup first: a browser that loads it over and over measures itself.
      const found = `${url}/search?q=${encodeURIComponent(`command:echo outcome:succeeded ${word}`)}`;
      await until("the run is on the search page", async () => (await (await page.request.get(found)).text()).includes('class="hit"'), 5000);
      await page.goto(found, { waitUntil: "commit" });
      await page.locator(".hit").first().waitFor();
      const took = Date.now() - answered;
      console.log(`        found after ${took} ms`);
      assert.ok(took < 1000, `${took} ms`);
      await page.locator(".hit .snippet a").first().click();
      await page.locator("h1 .succeeded").waitFor();
      assert.match(await page.textContent(".facts"), new RegExp(`/bin/echo ${word}`));
      await page.goto(room);
      await message(page, `!echo ${word}`).locator(".chip .succeeded").waitFor();
    });
  }

  await test("reactions come and go between the page and XMPP, each person's once", async () => {
    await page.goto(room);
    await live(page);
    await ask("carl", "shall we ship it?");
    const asked = message(page, "shall we ship it?");
    await asked.hover();
    await asked.locator("[data-do=react]").click();
    await asked.locator(".palette [data-emoji='👍']").click();
    assert.ok((await ask("carl sees reactions", "", { emojis: ["👍"] })).seen);
    await ask("carl reacts", "shall we ship it?", { emojis: ["👍"] });
    const thumb = asked.locator(".reaction[data-emoji='👍']");
    await thumb.filter({ hasText: "👍 2" }).waitFor();
    assert.equal(await thumb.getAttribute("aria-pressed"), "true");
    assert.equal((await thumb.getAttribute("title")).split(", ").sort().join(), "alice,carl");
    await thumb.click();
    await thumb.filter({ hasText: "👍 1" }).waitFor();
    assert.equal(await thumb.getAttribute("aria-pressed"), "false");
    await hears("alice", "took back 👍");
  });

  await test("what the bot says of commands is shown as code", async () => {
    await ask("alice", "!ehco");
    await message(page, "Did you mean").locator("code", { hasText: /^echo$/ }).waitFor();
    assert.equal(await message(page, "`").count(), 0);
  });

  await test("days from the calendar narrow a search, without JavaScript", async () => {
    const plain = await tests.visitor({ javaScriptEnabled: false, storageState: await page.context().storageState() });
    const day = (ahead) => new Date(Date.now() + ahead * 864e5).toISOString().slice(0, 10);
    await plain.goto(`${url}/search?q=morning`);
    assert.ok((await plain.locator(".hit").count()) > 0);
    await plain.fill("[name=before]", day(0));
    await plain.click(".days button");
    assert.equal(await plain.inputValue("#q"), `morning before:${day(0)}`);
    assert.equal(await plain.locator(".hit").count(), 0);
    await plain.goto(`${url}/search?q=morning`);
    await plain.fill("[name=after]", day(0));
    await plain.fill("[name=before]", day(1));
    await plain.click(".days button");
    assert.equal(await plain.inputValue("#q"), `morning after:${day(0)} before:${day(1)}`);
    assert.ok((await plain.locator(".hit").count()) > 0);
    assert.equal(await plain.inputValue("[name=after]"), day(0));
    await plain.context().close();
  });

  await tests.noProblems();

  if (shots) {
    const storageState = await page.context().storageState();
    const phone = { width: 390, height: 844 };
    for (const colorScheme of ["light", "dark"]) {
      for (const [size, viewport] of [["desk", { width: 1200, height: 800 }], ["phone", phone]]) {
        const shown = await tests.visitor({ storageState, colorScheme, viewport });
        for (const [name, path] of [["room", "/room/web%2Flobby"], ["search", "/search?q=morning"], ["home", "/"], ["commands", "/commands"], ["status", "/status"], ["me", "/me"]]) {
          await shown.goto(url + path);
          if (name === "room") await live(shown);
          await shown.screenshot({ path: join(shots, `${name}-${size}-${colorScheme}.png`) });
        }
        await shown.context().close();
      }
    }
  }
} catch (error) {
  tests.failed(error.stack);
} finally {
  await tests.browser?.close();
  const ended = new Promise((done) => stage.once("exit", done));
  stage.stdin.end();
  await ended;
}
tests.end();
