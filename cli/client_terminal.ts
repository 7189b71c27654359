/**
 * A prompt at the bottom of a terminal, and above it what happens meanwhile.
 *
 *     Ada  notes.txt 1:6  +", world"          told above the prompt
 *     main> insert notes.txt en▏              what is being typed stays as it is
 *
 * Line editing, history and completion are those of node:readline.
 *
 * @module
 */

import process from "node:process";
import { clearScreenDown, createInterface, cursorTo, moveCursor } from "node:readline";

export interface TerminalOptions {
  readonly prompt: string;
  /** The last word of a line, and what it may become. */
  readonly complete: (line: string) => { readonly word: string; readonly to: readonly string[] };
  readonly line: (line: string) => void;
  /** The user wants to leave: by the end of input, or by an interrupt on an empty line. */
  readonly leave: () => void;
  /** Where keys come from, and where everything is drawn; the process's terminal if left out. */
  readonly input?: NodeJS.ReadableStream;
  readonly output?: NodeJS.WritableStream;
}

/** How many lines are remembered. */
const historyMax = 1000;

export class Terminal {
  readonly #lines: ReturnType<typeof createInterface>;
  readonly #output: NodeJS.WritableStream;
  #closed = false;

  constructor(options: TerminalOptions) {
    const { prompt, complete, line, leave, input = process.stdin, output = process.stdout } = options;
    this.#output = output;
    this.#lines = createInterface({
      input,
      output,
      terminal: true,
      prompt,
      historySize: historyMax,
      completer: (typed: string) => {
        const { word, to } = complete(typed);
        return [to.length === 1 ? [`${to[0]} `] : to, word];
      },
    });
    this.#lines.on("line", line);
    this.#lines.on("SIGINT", () => {
      if (this.#lines.line === "") return leave();
      // An interrupt gives up what is being typed.
      this.#lines.write(null, { ctrl: true, name: "e" });
      this.#lines.write(null, { ctrl: true, name: "u" });
    });
    this.#lines.on("close", () => {
      if (!this.#closed) leave();
      this.#closed = true;
    });
  }

  /** Shows the prompt, and what has been typed behind it. */
  prompt(): void {
    if (!this.#closed) this.#lines.prompt(true);
  }

  /** Prints lines above the prompt; `aside` if nobody has asked for them. */
  print(text: string, aside = false): void {
    if (text === "") return;
    const shown = aside && !Deno.noColor ? text.replace(/^.+$/gm, "\x1b[2m$&\x1b[22m") : text;
    if (this.#closed) {
      this.#output.write(shown);
      return;
    }
    const { rows } = this.#lines.getCursorPos();
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    this.#output.write(shown);
    // The prompt is drawn anew below: it must not look for its older self in the rows above.
    Object.assign(this.#lines, { prevRows: 0 });
    this.#lines.prompt(true);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lines.close();
  }
}
