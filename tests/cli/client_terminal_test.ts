import { PassThrough } from "node:stream";
import { Terminal } from "../../cli/client_terminal.ts";
import { assertEquals, assertMatch } from "../assert.ts";

/** A terminal whose keys the test presses, and what comes of them. */
class Desk {
  readonly lines: string[] = [];
  readonly terminal: Terminal;
  left = 0;
  drawn = "";
  readonly #input = new PassThrough();

  constructor() {
    const output = new PassThrough();
    output.on("data", (bytes) => this.drawn += bytes);
    this.terminal = new Terminal({
      prompt: "main> ",
      complete: (word) => ({ word, to: ["status"].filter((name) => name.startsWith(word)) }),
      line: (line) => void this.lines.push(line),
      leave: () => void this.left++,
      input: this.#input,
      output,
    });
    this.terminal.prompt();
  }

  async press(keys: string): Promise<void> {
    this.#input.write(keys);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("Terminal prints above a line that is being typed, and the line stays", async () => {
  const desk = new Desk();
  await desk.press("insert no");
  desk.drawn = "";
  desk.terminal.print("Ada has left\n");
  // To the first column, all below cleared, the news, and then the line again.
  // deno-lint-ignore no-control-regex -- these are the sequences that are looked for
  assertMatch(desk.drawn, /^\x1b\[1G\x1b\[0JAda has left\n.*main> insert no/s);
  await desk.press("tes.txt\r");
  assertEquals(desk.lines, ["insert notes.txt"]);
  desk.terminal.close();
});

Deno.test("Terminal completes the one word that a line may become, and a blank behind it", async () => {
  const desk = new Desk();
  await desk.press("sta\t");
  await desk.press("\r");
  assertEquals(desk.lines, ["status "]);
  desk.terminal.close();
});

Deno.test("Terminal brings back earlier lines", async () => {
  const desk = new Desk();
  await desk.press("ls\r");
  await desk.press("who\r");
  await desk.press("\x1b[A\x1b[A\r");
  assertEquals(desk.lines, ["ls", "who", "ls"]);
  desk.terminal.close();
});

Deno.test("an interrupt gives up what is typed, and leaves when nothing is", async () => {
  const desk = new Desk();
  await desk.press("rm notes.txt\x03");
  assertEquals(desk.left, 0);
  await desk.press("ls\r");
  assertEquals(desk.lines, ["ls"]);
  await desk.press("\x03");
  assertEquals(desk.left, 1);
  desk.terminal.close();
});

Deno.test("the end of input leaves", async () => {
  const desk = new Desk();
  await desk.press("\x04");
  assertEquals(desk.left, 1);
});
