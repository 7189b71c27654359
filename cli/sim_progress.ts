/**
 * How far it has got: a bar that is drawn over and over on a terminal, and a line now and then elsewhere.
 *
 * @module
 */

/** How often, in milliseconds. */
const barEveryMs = 100;
const lineEveryMs = 10_000;
const barLength = 30;

export class SimProgress {
  readonly #isTerminal = Deno.stderr.isTerminal();
  readonly #begunMs = performance.now();
  #shownMs = performance.now();
  #hasBar = false;

  /**
   * @param seedsMax how many there are to be done, at most.
   * @param secondsMax how long it goes on, at most.
   */
  constructor(readonly seedsMax: number, readonly secondsMax: number) {}

  show(seeds: number, failures: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#shownMs < (this.#isTerminal ? barEveryMs : lineEveryMs)) return;
    this.#shownMs = nowMs;
    const seconds = (nowMs - this.#begunMs) / 1000;
    const share = Math.min(1, Math.max(seeds / this.seedsMax, seconds / this.secondsMax));
    const of = Number.isFinite(this.seedsMax) ? ` of ${this.seedsMax}` : "";
    const left = share > 0 ? `, ${timeOf((seconds * (1 - share)) / share)} left` : "";
    const failed = failures === 0 ? "" : `, ${failures} failed`;
    const text = `${seeds}${of} seeds${failed}, ${timeOf(seconds)}${left}`;
    if (!this.#isTerminal) return console.error(text);
    const full = Math.round(share * barLength);
    this.#hasBar = true;
    write(`\r\x1b[K[${"#".repeat(full)}${".".repeat(barLength - full)}] ${text}`);
  }

  /** Another thing to be said, in the place of the bar. */
  say(text: string): void {
    if (!this.#isTerminal) return console.error(text);
    this.#hasBar = true;
    write(`\r\x1b[K${text}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#hasBar) write("\r\x1b[K");
    this.#hasBar = false;
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

/** "1:05" */
function timeOf(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
