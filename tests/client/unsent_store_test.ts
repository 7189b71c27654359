/**
 * Unsent work across the end of the application: what was typed and not stored is sent by the next run, once.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "../assert.ts";
import { FileUnsentStore, MemoryUnsentStore, Space, tcp, type Unsent, type UnsentStore } from "../../mod.ts";
import { MemoryLog, secret } from "../../server/mod.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually, pause, within } from "../server/waiting.ts";
import { Line } from "./line.ts";

/** A store for each kind there is, in a directory that is gone afterwards. */
const kinds: Readonly<Record<string, (directory: string) => UnsentStore>> = {
  "in memory": () => new MemoryUnsentStore(),
  "in a file": (directory) => new FileUnsentStore(`${directory}/unsent.json`),
};

async function withStore(kind: string, act: (store: UnsentStore) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(kinds[kind]!(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A run of the application, which may end without a word. */
class Run {
  readonly line: Line;
  readonly #store: MortalStore;
  space!: Space;

  private constructor(port: number, store: UnsentStore) {
    this.line = new Line(port);
    this.#store = new MortalStore(store);
  }

  static async begin(port: number, store: UnsentStore): Promise<Run> {
    const run = new Run(port, store);
    run.space = await Space.open({ dial: run.line.dial, workspace: "w", name: "Ada", unsent: run.#store });
    return run;
  }

  /** Resolves when the store has so many changes, with this text in the last one. */
  async kept(changes: number, text: string): Promise<Unsent> {
    return await eventually(async () => {
      const unsent = await this.#store.load();
      const last = unsent?.changes.at(-1)?.change;
      return unsent?.changes.length === changes && JSON.stringify(last).includes(text) && unsent;
    }, `a store with ${changes} changes`);
  }

  /** From now on nothing is saved any more, though the application goes on. */
  losesStore(): void {
    this.#store.die();
  }

  /** Ends as the process would by SIGKILL: nothing is said, sent or saved any more. */
  async crash(): Promise<void> {
    this.#store.die();
    await this.line.die();
    await this.space.close();
  }

  async end(): Promise<void> {
    await within(this.space.settled(), "everything settled");
    await this.space.close();
  }
}

/** A store that takes nothing any more once its application is dead. */
class MortalStore implements UnsentStore {
  #dead = false;

  constructor(readonly store: UnsentStore) {}

  die(): void {
    this.#dead = true;
  }

  load(): Promise<Unsent | undefined> {
    return this.store.load();
  }

  save(unsent: Unsent | undefined): Promise<void> {
    return this.#dead ? Promise.resolve() : this.store.save(unsent);
  }
}

async function other(port: number): Promise<Space & AsyncDisposable> {
  const space = await Space.open({ dial: tcp("127.0.0.1", port), workspace: "w", name: "Ben" });
  return Object.assign(space, { [Symbol.asyncDispose]: () => space.close() });
}

/** Asserts what Ben reads in the end, when all that Ada did is settled. */
async function finds(ben: Space, ada: Run, path: string, text: string): Promise<void> {
  await within(ada.space.settled(), "everything settled");
  await eventually(() => ben.revision === ada.space.revision, "one revision with both");
  assertEquals([ben.read(path), ada.space.read(path)], [text, text]);
}

for (const kind of Object.keys(kinds)) {
  Deno.test(`what was typed offline before a crash is sent by the next run, once: store ${kind}`, async () => {
    await using server = new LiveServer();
    await using ben = await other(server.port);
    await withStore(kind, async (store) => {
      const first = await Run.begin(server.port, store);
      await first.space.create("a.txt", "start\n").settled;
      first.line.down();
      await eventually(() => first.space.status.phase === "offline", "offline");
      first.space.insert("a.txt", 6, "offline 😀\r\n");
      first.space.create("dir/new.txt", "made offline");
      first.space.insert("dir/new.txt", 12, ", and edited");
      first.space.move("a.txt", "dir/moved.txt");
      await first.kept(4, "moved.txt");
      await first.crash();
      await ben.insert("a.txt", 0, "Ben meanwhile\n").settled;

      const second = await Run.begin(server.port, store);
      await finds(ben, second, "dir/moved.txt", "Ben meanwhile\nstart\noffline 😀\r\n");
      await finds(ben, second, "dir/new.txt", "made offline, and edited");
      assertEquals(ben.files().length, 2);
      await second.end();
      assertEquals(await store.load(), undefined);

      const third = await Run.begin(server.port, store);
      await finds(ben, third, "dir/moved.txt", "Ben meanwhile\nstart\noffline 😀\r\n");
      await third.end();
    });
  });

  Deno.test(`a change whose acknowledgement was lost in a crash is applied once: store ${kind}`, async () => {
    await using server = new LiveServer();
    await using ben = await other(server.port);
    await withStore(kind, async (store) => {
      const first = await Run.begin(server.port, store);
      await first.space.create("a.txt", "").settled;
      first.line.deafen();
      first.space.insert("a.txt", 0, "once ");
      await eventually(() => ben.find("a.txt") && ben.read("a.txt") === "once ", "the change at Ben's");
      first.space.insert("a.txt", 5, "and later");
      const { inFlight } = await first.kept(2, "later");
      assert(inFlight !== undefined, "the change on its way is kept as it was sent");
      await first.crash();
      await ben.insert("a.txt", 0, "Ben: ").settled;

      const second = await Run.begin(server.port, store);
      await finds(ben, second, "a.txt", "Ben: once and later");
      await second.end();
    });
  });
}

Deno.test("a change that was sent but never arrived before a crash is applied once by the next run", async () => {
  await using server = new LiveServer();
  await using ben = await other(server.port);
  await withStore("in a file", async (store) => {
    const first = await Run.begin(server.port, store);
    await first.space.create("a.txt", "").settled;
    first.line.stall();
    first.space.insert("a.txt", 0, "stuck on the way");
    const { inFlight } = await first.kept(1, "stuck");
    assert(inFlight !== undefined);
    await first.crash();
    const second = await Run.begin(server.port, store);
    await finds(ben, second, "a.txt", "stuck on the way");
    await second.end();
  });
});

Deno.test("a change is kept as sent before it is sent, so that no crash leaves it in doubt", async () => {
  await using server = new LiveServer();
  await using ben = await other(server.port);
  const gate = { open: Promise.resolve(), saved: 0 };
  const store: UnsentStore = {
    load: () => Promise.resolve(undefined),
    async save() {
      await gate.open;
      gate.saved++;
    },
  };
  const run = await Run.begin(server.port, store);
  await run.space.create("a.txt", "").settled;
  await eventually(() => ben.find("a.txt"), "the file at Ben's");
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.open = promise;
  run.space.insert("a.txt", 0, "kept first");
  await pause(30);
  assertEquals(ben.read("a.txt"), "");
  resolve();
  await finds(ben, run, "a.txt", "kept first");
  assert(gate.saved > 0);
  await run.end();
});

Deno.test("a store older than what was sent gives the change back, rather than have it done twice", async () => {
  await using server = new LiveServer();
  await using ben = await other(server.port);
  await withStore("in memory", async (store) => {
    const first = await Run.begin(server.port, store);
    await first.space.create("a.txt", "").settled;
    first.line.down();
    await eventually(() => first.space.status.phase === "offline", "offline");
    first.space.insert("a.txt", 0, "once");
    await first.kept(1, "once");
    first.losesStore();
    first.line.up();
    await within(first.space.settled(), "everything settled");
    await first.crash();
    const second = await Run.begin(server.port, store);
    const { change } = await eventually(() => second.space.recovered[0], "the recovered change");
    assertEquals(change.edits.map(({ op }) => op), [[{ at: 0, remove: 0, insert: "once" }]]);
    await finds(ben, second, "a.txt", "once");
    await second.end();
  });
});

Deno.test("crash after crash, of application and server by turns, applies everything once", async () => {
  const log = new MemoryLog(secret);
  let server = new LiveServer({ log });
  await withStore("in a file", async (store) => {
    let expected = "";
    for (let round = 0; round < 4; round++) {
      const run = await Run.begin(server.port, store);
      if (round === 0) await run.space.create("a.txt", "").settled;
      await within(run.space.settled(), "what the last run left");
      assertEquals(run.space.read("a.txt"), expected);
      run.line.deafen();
      for (const word of [`${round}.heard `, `${round}.buffered `]) {
        run.space.insert("a.txt", expected.length, word);
        expected += word;
        await eventually(() => run.line.writing === 0, "what was sent to be sent");
      }
      await run.kept(2, `${round}.buffered`);
      if (round % 2 === 0) {
        await server.kill();
        server = new LiveServer({ log, port: server.port });
      }
      await run.crash();
    }
    const last = await Run.begin(server.port, store);
    await within(last.space.settled(), "what the last run left");
    assertEquals(last.space.read("a.txt"), expected);
    await last.end();
    assertEquals(await store.load(), undefined);
  });
  await server.stop();
});

Deno.test("what a run left for a server that has lost its log is done again where it can be, else handed back", async () => {
  const before = new LiveServer();
  await withStore("in a file", async (store) => {
    const first = await Run.begin(before.port, store);
    await first.space.create("lost.txt", "gone").settled;
    first.line.down();
    await eventually(() => first.space.status.phase === "offline", "offline");
    first.space.insert("lost.txt", 4, " words");
    first.space.create("new.txt", "made offline");
    await first.kept(2, "made offline");
    await first.crash();
    await before.kill();

    await using after = new LiveServer({ port: before.port });
    const second = await Run.begin(after.port, store);
    // Nobody awaits what another run did: an application asks on opening.
    const { problem, change } = await eventually(() => second.space.recovered[0], "the recovered change");
    assertEquals(problem.code, "recovered");
    assertEquals(change.edits.map(({ op }) => op), [[{ at: 4, remove: 0, insert: " words" }]]);
    await within(second.space.settled(), "everything settled");
    assertEquals(second.space.files().map(({ path }) => path), ["new.txt"]);
    assertEquals(second.space.read("new.txt"), "made offline");
    assertEquals(second.space.recovered.length, 1);
    await second.end();
  });
});

// ---- The stores -----------------------------------------------------------------------------------------------

const sample: Unsent = {
  ...{
    format: 1,
    workspace: "w",
    session: "s",
    site: 3,
    epoch: "e",
    revision: 9,
    seq: 4,
    counter: 2,
    attempt: 1,
  },
  inFlight: "00ff",
  changes: [{
    atomic: true,
    change: {
      steps: [{ kind: "restore", node: "1:2" }],
      edits: [{ node: "3:1", op: [{ at: 0, remove: 1, insert: '\u2028😀\0\r\n"' }] }],
    },
  }],
  base: [{ id: "3:1", kind: "text", name: "a\u2028", text: "\0" }],
};

for (const kind of Object.keys(kinds)) {
  Deno.test(`an UnsentStore ${kind} gives back what was saved last, and nothing once all is sent`, async () => {
    await withStore(kind, async (store) => {
      assertEquals(await store.load(), undefined);
      await store.save(undefined);
      assertEquals(await store.load(), undefined);
      await store.save(sample);
      assertEquals(await store.load(), sample);
      const { inFlight: _, ...less } = sample;
      await store.save({ ...less, inFlight: undefined, changes: [] });
      assertEquals((await store.load())!.changes, []);
      assertEquals((await store.load())!.inFlight, undefined);
      await store.save(undefined);
      assertEquals(await store.load(), undefined);
    });
  });
}

Deno.test("a FileUnsentStore that died while saving has what it had before", async () => {
  await withStore("in a file", async (store) => {
    assert(store instanceof FileUnsentStore);
    await store.save(sample);
    await Deno.writeTextFile(`${store.path}.new`, '{"format":1,"works');
    assertEquals(await new FileUnsentStore(store.path).load(), sample);
    await store.save({ ...sample, seq: 5 });
    assertEquals((await store.load())!.seq, 5);
  });
});

Deno.test("a FileUnsentStore refuses a file that it cannot read, and leaves it as it is", async () => {
  await withStore("in a file", async (store) => {
    assert(store instanceof FileUnsentStore);
    for (const text of ["", "no json", "null", "{}", '{"format":2}', JSON.stringify(sample).slice(0, -1)]) {
      await Deno.writeTextFile(store.path, text);
      await assertRejects(() => store.load(), Error, store.path);
      assertEquals(await Deno.readTextFile(store.path), text);
    }
  });
});

Deno.test("unsent work of another workspace is not taken for this one's", async () => {
  await using server = new LiveServer();
  const store = new MemoryUnsentStore();
  await store.save({ ...sample, workspace: "another" });
  await assertRejects(() => Run.begin(server.port, store), Error, "another");
  assertEquals((await store.load())!.workspace, "another");
});

// ---- For real -------------------------------------------------------------------------------------------------

Deno.test("a process that is killed while it cannot send leaves its work to the next one", async () => {
  await using server = new LiveServer();
  await using ben = await other(server.port);
  await ben.create("a.txt", "").settled;
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/unsent.json`;
    const typist = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "-A",
        new URL("typist_process.ts", import.meta.url).pathname,
        `${server.port}`,
        path,
      ],
      stdout: "piped",
    }).spawn();
    const typed: string[] = [];
    for await (const line of typist.stdout.pipeThrough(new TextDecoderStream())) {
      typed.push(line);
      if (typed.join("").includes("typed")) break;
    }
    typist.kill("SIGKILL");
    assertEquals((await typist.status).signal, "SIGKILL");
    assertEquals(ben.read("a.txt"), "");
    const next = await Run.begin(server.port, new FileUnsentStore(path));
    await finds(ben, next, "a.txt", "typed by a process that was killed");
    await next.end();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
