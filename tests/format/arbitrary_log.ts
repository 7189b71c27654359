/**
 * Logs for tests: any at all that can be written down, and ones that lead somewhere.
 *
 * @module
 */

import fc from "fast-check";
import { compareIds, normalize, type Notice, type Step, type TextOp } from "../../ot/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";

const id = fc.tuple(fc.nat(3), fc.nat(400)).map(([site, counter]) => `${site}:${counter}`);
/** Also what has no UTF-8. */
const text = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constant("\ud800x"),
);

const op: fc.Arbitrary<TextOp> = fc.array(fc.record({ gap: fc.nat(300), remove: fc.nat(3), insert: text }), {
  minLength: 1,
  maxLength: 3,
}).map((parts) => {
  let at = 0;
  return normalize(
    parts.map(({ gap, remove, insert }) => {
      const splice = { at: at + gap, remove, insert };
      at = splice.at + remove + 1;
      return splice;
    }).filter(({ remove, insert }) => remove > 0 || insert !== ""),
  );
}).filter((op) => op.length > 0);

const content = fc.record({ hash: fc.stringMatching(/^[0-9a-f]{64}$/), bytes: fc.nat() });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("create" as const),
    node: id,
    parent: id,
    name: text,
    type: fc.constant("blob" as const),
    content,
  }),
  fc.record({ kind: fc.constant("replace" as const), node: id, content }),
  fc.record({ kind: fc.constant("mode" as const), node: id, executable: fc.boolean() }),
  fc.record({
    kind: fc.constant("create" as const),
    node: id,
    parent: id,
    name: text,
    type: fc.constant("text" as const),
    executable: fc.constant(true as const),
  }),
  fc.record({
    kind: fc.constant("create" as const),
    node: id,
    parent: id,
    name: text,
    type: fc.constantFrom("text" as const, "directory" as const),
  }),
  fc.record({ kind: fc.constant("move" as const), node: id, parent: id }),
  fc.record({ kind: fc.constant("rename" as const), node: id, name: text }),
  fc.record({ kind: fc.constant("remove" as const), node: id, tombstone: id }),
  fc.record({ kind: fc.constant("restore" as const), node: id, tombstone: id }),
  fc.record({ kind: fc.constant("restore" as const), node: id }),
  fc.record({ kind: fc.constant("forget" as const), node: id }),
);

const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({ kind: fc.constant("renamed" as const), node: id, name: text }),
  fc.record({ kind: fc.constant("retargeted" as const), node: id, parent: id }),
  fc.record({
    kind: fc.constant("dropped" as const),
    node: id,
    reason: fc.constantFrom("cycle" as const, "superseded" as const),
  }),
);

const edits = fc.uniqueArray(fc.record({ node: id, op }), { maxLength: 3, selector: ({ node }) => node })
  .map((edits) => edits.sort((a, b) => compareIds(a.node, b.node)));

const rest = fc.record({
  later: fc.oneof(fc.nat(300), fc.constant(2 ** 40)),
  site: fc.nat(3),
  seq: fc.oneof(fc.nat(5), fc.maxSafeNat()),
  author: fc.option(
    fc.record({ name: text, kind: fc.constantFrom("human" as const, "agent" as const, "ci" as const) }),
    {
      nil: undefined,
    },
  ),
  edits,
  steps: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(step, { maxLength: 3 })),
  notices: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(notice, { maxLength: 2 })),
  hash: fc.maxSafeNat(),
  sites: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat()),
  signing: fc.option(
    fc.record({
      back: fc.nat(3),
      signature: fc.oneof(fc.constant(""), fc.stringMatching(/^[0-9a-f]{128}$/)),
      bytes: fc.option(fc.stringMatching(/^([0-9a-f]{2}){0,20}$/), { nil: undefined }),
      signer: fc.record({ key: fc.stringMatching(/^[0-9a-f]{64}$/), workspace: text }),
    }),
    { nil: undefined },
  ),
  task: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, fc.constantFrom("one", "two"), text),
});

/** What is kept of a submission that was signed: without its signature, nothing but who signed and on what. */
function signedOf(
  { signing, author, site }: typeof rest extends fc.Arbitrary<infer Rest> ? Rest : never,
  revision: number,
): Pick<LogEntry, "signed"> {
  if (signing === undefined || site === 0) return {};
  const { back, signature, bytes, signer } = signing;
  return {
    signed: {
      base: Math.max(0, revision - 1 - back),
      signature,
      ...signature === "" || bytes === undefined ? {} : { bytes },
      ...author === undefined ? {} : { signer },
    },
  };
}

/** Entries that no workspace would make, and that can be written down all the same. */
export function arbitraryEntries(constraints: fc.ArrayConstraints = {}): fc.Arbitrary<LogEntry[]> {
  return fc.array(rest, { minLength: 1, maxLength: 20, ...constraints }).map((parts) => {
    let time = 0;
    return parts.map((part, i) => {
      const { later, site, seq, author, edits, steps, notices, hash, sites, task } = part;
      time += later;
      const session = site === 0 ? "" : `session ${site}`;
      const change = { steps, edits };
      return {
        revision: i + 1,
        time,
        session,
        site,
        seq,
        author,
        ...task === "" ? {} : { task },
        change,
        notices,
        hash: site === 0 ? 0 : hash,
        sites,
        ...signedOf(part, i + 1),
      };
    });
  });
}

/** One or more people who type into one file, each at a place of their own: `count` entries, and the last state. */
export function typedLog(count: number, people = 2): { entries: LogEntry[]; state: State } {
  const entries: LogEntry[] = [];
  let state = State.empty;
  const push = (entry: Omit<LogEntry, "revision" | "time" | "notices">) => {
    const revision = entries.length + 1;
    const whole = { revision, time: 1_700_000_000_000 + 137 * revision, notices: [], ...entry };
    entries.push(whole);
    state = state.apply(whole);
  };
  const nothing = { steps: [], edits: [] };
  push({ session: "", site: 0, seq: 0, author: undefined, change: nothing, hash: 0, sites: 64 });
  for (let i = 1; i < count; i++) {
    const person = (i - 1) % people, seq = 1 + Math.floor((i - 1) / people);
    const isFirst = seq === 1;
    const length = state.workspace.text("1:1").length;
    const at = Math.min(length, Math.floor(length * person / people));
    const typed = `${"abcdefghijklmnopqrstuvwxyz \n"[(i * 7) % 28]}`;
    const step = { kind: "create", node: "1:1", parent: "0:0", name: "notes.md", type: "text" } as const;
    push({
      session: `session of person ${person}`,
      site: person + 1,
      seq,
      author: isFirst ? { name: `person ${person}`, kind: "human" } : undefined,
      change: i === 1
        ? { steps: [step], edits: [] }
        : { steps: [], edits: [{ node: "1:1", op: [{ at, remove: 0, insert: typed }] }] },
      hash: i * 1_234_567,
      sites: 0,
    });
  }
  return { entries, state };
}
