/**
 * Two well-behaved people who edit one file all the time, while somebody else misbehaves.
 *
 * Each types whole lines at the beginnings of lines, so that a line stays whole whatever comes of concurrency:
 * in the end every line that was typed must be there, once.
 *
 * @module
 */

import { Space, type SpaceOptions, tcp } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { eventually, pause } from "./waiting.ts";

const path = "shared.txt";
/** How long a line may be on its way until somebody counts as disturbed. */
const settledMsMax = 3000;

class Typist {
  readonly lines: string[] = [];
  readonly phases: string[] = [];
  #slowestMs = 0;
  #settling: Promise<void>[] = [];

  constructor(readonly name: string, readonly space: Space) {
    space.on("status", ({ phase }) => this.phases.push(phase));
  }

  /** Types a line somewhere. */
  type(): void {
    const text = this.space.read(path);
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    const line = `${this.name} ${this.lines.length} 😀`;
    const place = starts[this.lines.length * 7 % starts.length]!;
    this.lines.push(line);
    const from = performance.now();
    const { settled } = this.space.insert(path, place, `${line}\n`);
    this.#settling.push(settled.then((outcome) => {
      assertEquals(outcome.kind, "durable");
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - from);
    }));
  }

  async settle(): Promise<void> {
    await Promise.all(this.#settling.splice(0));
    assert(this.#slowestMs < settledMsMax, `${this.name} waited ${this.#slowestMs} ms`);
  }

  /** Asserts that nothing ever came between this one and the server. */
  isUndisturbed(): void {
    assertEquals(this.phases.filter((phase) => phase !== "online"), [], `the phases of ${this.name}`);
  }
}

/**
 * Runs `act` while two people edit the workspace, before, during and after; asserts that neither noticed, that
 * both have the same text, and that everything they typed is in it.
 */
export async function amidTyping(
  port: number,
  act: (file: { readonly path: string; readonly node: string }) => Promise<void>,
  options: Partial<SpaceOptions> = {},
): Promise<void> {
  const open = async (name: string) =>
    new Typist(name, await Space.open({ dial: tcp("127.0.0.1", port), workspace: "w", name, ...options }));
  const typists = [await open("Ada"), await open("Ben")] as const;
  const [ada, ben] = typists;
  let typing = true;
  const typeOn = async (typist: Typist) => {
    while (typing) {
      typist.type();
      await pause(15);
    }
  };
  try {
    await ada.space.create(path, "").settled;
    const { id: node } = await eventually(() => ben.space.find(path), "the file at Ben's");
    for (let i = 0; i < 5; i++) for (const typist of typists) typist.type();
    await Promise.all(typists.map((typist) => typist.settle()));

    const going = typists.map(typeOn);
    try {
      await act({ path, node });
    } finally {
      typing = false;
      await Promise.all(going);
    }

    for (let i = 0; i < 5; i++) for (const typist of typists) typist.type();
    await Promise.all(typists.map((typist) => typist.settle()));
    await eventually(() => ada.space.revision === ben.space.revision, "one revision with both");
    assertEquals(ada.space.read(path), ben.space.read(path));
    const lines = ada.space.read(path).split("\n");
    for (const typist of typists) {
      assertEquals(
        lines.filter((line) => line.startsWith(typist.name)).sort(),
        typist.lines.slice().sort(),
        `what ${typist.name} typed`,
      );
      typist.isUndisturbed();
    }
  } finally {
    for (const { space } of typists) await space.close();
  }
}
