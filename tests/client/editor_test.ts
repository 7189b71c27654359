/**
 * The CodeMirror binding in a real browser: pages of people and an agent of the SDK with one file.
 *
 * @module
 */

import type { Page } from "playwright-core";
import { servePage } from "../../examples/editor/serve.ts";
import { Space, webSocket } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { LiveWeb } from "../server/live_web.ts";
import { eventually } from "../server/waiting.ts";
import { browserTest, picture, watchedPage } from "./browser.ts";

/** What the editor of a page has as its text, lines without their ends. */
function linesIn(page: Page): Promise<string[]> {
  return page.locator(".cm-line").evaluateAll((lines) =>
    lines.map((line) => {
      const copy = line.cloneNode(true) as typeof line;
      for (const cursor of copy.querySelectorAll(".cm-remote-cursor")) cursor.remove();
      return copy.textContent ?? "";
    })
  );
}

function namesIn(page: Page): Promise<string[]> {
  return page.locator(".cm-remote-name").allTextContents();
}

browserTest(
  "people in two pages and an agent edit one file, see each other's cursors and undo their own",
  async (browser) => {
    const site = await servePage(0);
    const origin = `http://127.0.0.1:${site.addr.port}`;
    await using server = await LiveWeb.start({}, { origins: [origin] });
    const errors: string[] = [];
    const open = async (name: string) => {
      const page = await watchedPage(browser, errors);
      await page.goto(`${origin}/?name=${name}&workspace=w&file=notes.md&server=ws://${server.address}`);
      await page.locator(".cm-content").waitFor();
      return page;
    };
    const agent = await Space.open({
      dial: webSocket(`ws://${server.address}`),
      workspace: "w",
      name: "Agent",
      kind: "agent",
    });
    await agent.create("notes.md", "# Notes\r\n\nAda: \nBob: \n").settled;
    const [ada, bob] = [await open("Ada"), await open("Bob")];
    const all = async (text: string, what: string) => {
      const lines = text.split("\n");
      const isThere = (seen: string[]) =>
        seen.join("\n") === lines.map((line) => line.replace("\r", "•")).join("\n");
      await eventually(
        () => agent.read("notes.md") === text,
        `${what}, with the agent: ${agent.read("notes.md")}`,
      );
      for (const [name, page] of [["Ada", ada], ["Bob", bob]] as const) {
        await eventually(
          async () => isThere((await linesIn(page)).map((line) => line.replace("\r", "•"))),
          `${what}, with ${name}`,
        );
      }
    };
    await all("# Notes\r\n\nAda: \nBob: \n", "the text they begin with");

    // Both type at the same time, at the ends of their lines, while the agent writes above them.
    const typeAt = async (page: Page, line: string, text: string) => {
      await page.locator(".cm-line", { hasText: line }).click();
      await page.keyboard.press("End");
      await page.keyboard.type(text, { delay: 5 });
    };
    await Promise.all([
      typeAt(ada, "Ada:", "hello 😀 there"),
      typeAt(bob, "Bob:", "good morning"),
      agent.insert("notes.md", 0, "<!-- by the agent -->\n").settled,
    ]);
    const typed = "<!-- by the agent -->\n# Notes\r\n\nAda: hello 😀 there\nBob: good morning\n";
    await all(typed, "what all have typed");

    // Everybody sees where the others are.
    agent.select("notes.md", [{ anchor: 5, head: 17 }]);
    await eventually(
      async () => String((await namesIn(ada)).sort()) === "Agent,Bob",
      "Bob and the agent at Ada's",
    );
    await eventually(
      async () => String((await namesIn(bob)).sort()) === "Ada,Agent",
      "Ada and the agent at Bob's",
    );
    const place = agent.peers.find(({ participant }) => participant.name === "Ada")!;
    assertEquals(place.ranges[0]!.head, typed.indexOf(" there\n") + 6);
    const beside = await ada.locator(".cm-remote-name", { hasText: "Bob" }).evaluate((label) => {
      const range = label.ownerDocument.createRange();
      range.setStart(label.closest(".cm-line")!, 0);
      range.setEndBefore(label.parentElement!);
      return range.toString();
    });
    assertEquals(beside, "Bob: good morning");
    await picture(ada, "ada");
    await picture(bob, "bob");

    // Undo takes back one's own, and leaves what others have typed since.
    await ada.bringToFront();
    await ada.keyboard.press("Control+z");
    await all(typed.replace("hello 😀 there", ""), "the text without what Ada undid");
    await bob.locator("#undo").click();
    await all("<!-- by the agent -->\n# Notes\r\n\nAda: \nBob: \n", "the text without what Bob undid");
    await ada.keyboard.press("Control+y");
    await all(
      "<!-- by the agent -->\n# Notes\r\n\nAda: hello 😀 there\nBob: \n",
      "the text with what Ada did again",
    );
    await picture(bob, "undone");

    // One who leaves takes the cursor along.
    await agent.close();
    await eventually(async () => String(await namesIn(bob)) === "Ada", "Ada alone at Bob's");
    await ada.close();
    await eventually(async () => (await namesIn(bob)).length === 0, "nobody at Bob's");
    assertEquals(errors, []);
    await site.shutdown();
  },
);

browserTest("what the server does not allow disappears from the editor again", async (browser) => {
  const site = await servePage(0);
  const origin = `http://127.0.0.1:${site.addr.port}`;
  await using server = await LiveWeb.start({ settings: { textLengthMax: 20 } }, { origins: [origin] });
  const errors: string[] = [];
  const page = await watchedPage(browser, errors);
  await page.goto(`${origin}/?name=Ada&workspace=w&file=a.txt&server=ws://${server.address}`);
  await page.locator(".cm-content").waitFor();
  await page.keyboard.type("0123456789");
  await page.keyboard.insertText("this is too much for the file");
  await eventually(
    async () => String(await linesIn(page)) === "0123456789",
    "the text without what is too much",
  );
  assert((await page.locator("#status").textContent()) !== "");
  assertEquals(errors, []);
  await site.shutdown();
});

browserTest("a page of an origin that the server does not know gets nothing", async (browser) => {
  const site = await servePage(0);
  await using server = await LiveWeb.start();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.addr.port}/?server=ws://${server.address}`);
  await server.reported("turned_away", { code: "origin_forbidden" });
  assertEquals(await page.locator(".cm-editor").count(), 0);
  await page.close();
  await site.shutdown();
});
