/**
 * Messages of every kind, drawn at random: everything that a message can say, whether or not it makes sense.
 *
 * @module
 */

import fc from "fast-check";
import type { Change, Edit, NodeId, Notice, Splice, Step } from "../../ot/mod.ts";
import type {
  AdminItem,
  AdminQuestion,
  AnswerItem,
  ClientMessage,
  Condition,
  Moment,
  Participant,
  Place,
  Question,
  ServerMessage,
} from "../../proto/mod.ts";

const uint32 = fc.oneof(
  fc.nat(300),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1),
);

/** Whole numbers as they go into 64-bit fields: up to 2^53 - 1. */
const uint53 = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

/** Well-formed text: any code point, with what is easily lost on the way thrown in. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(fc.constantFrom("\r\n", "\n", "\0", "\ufeff", "😀", "e\u0301", "\u2028", "אב", "a", "\ufffd"), {
    maxLength: 40,
  }).map((parts) => parts.join("")),
);

const id: fc.Arbitrary<NodeId> = fc.tuple(uint32, uint32).map(([site, counter]) => `${site}:${counter}`);

const participant: fc.Arbitrary<Participant> = fc.record({
  name: text,
  kind: fc.constantFrom("human", "agent", "ci"),
});

const nodeKind = fc.constantFrom("directory" as const, "text" as const, "blob" as const);

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const content = fc.record({ hash, bytes: uint53 });
/** A property that is there or not. */
const mayHoldContent = fc.oneof(fc.constant({}), fc.record({ content }));
const mayBeExecutable = fc.constantFrom({}, { executable: true as const });
const bytes = fc.uint8Array({ maxLength: 300 });

const splice: fc.Arbitrary<Splice> = fc.record({ at: uint32, remove: uint32, insert: text });
const edit: fc.Arbitrary<Edit> = fc.record({ node: id, op: fc.array(splice, { maxLength: 5 }) });

const kind = <K extends string>(name: K) => fc.constant(name);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(
    fc.record({ kind: kind("create"), node: id, parent: id, name: text, type: nodeKind }),
    mayHoldContent,
    mayBeExecutable,
  )
    .map(([step, content, mode]) => ({ ...step, ...content, ...mode })),
  fc.record({ kind: kind("mode"), node: id, executable: fc.boolean() }),
  fc.record({ kind: kind("replace"), node: id, content }),
  fc.record({ kind: kind("move"), node: id, parent: id }),
  fc.record({ kind: kind("rename"), node: id, name: text }),
  fc.record({ kind: kind("remove"), node: id, tombstone: id }),
  fc.record({ kind: kind("restore"), node: id, tombstone: id }),
  fc.record({ kind: kind("restore"), node: id }),
  fc.record({ kind: kind("forget"), node: id }),
);

export const change: fc.Arbitrary<Change> = fc.record({
  steps: fc.array(step, { maxLength: 5 }),
  edits: fc.array(edit, { maxLength: 4 }),
});

const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({ kind: kind("renamed"), node: id, name: text }),
  fc.record({ kind: kind("retargeted"), node: id, parent: id }),
  fc.record({
    kind: kind("dropped"),
    node: id,
    reason: fc.constantFrom("cycle" as const, "superseded" as const),
  }),
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: kind("content"), node: id, since: uint53 }),
  fc.record({ kind: kind("path"), node: id, since: uint53 }),
  fc.record({ kind: kind("apart"), node: id, since: uint53 }),
  fc.record({ kind: kind("live"), node: id }),
  fc.record({ kind: kind("stands"), path: text, node: fc.option(id, { nil: undefined }) }),
);

const place: fc.Arbitrary<Place> = fc.record({
  node: id,
  revision: uint53,
  seq: uint53,
  ranges: fc.array(fc.record({ anchor: uint32, head: uint32 }), { maxLength: 5 }),
});

const notEmpty = text.filter((text) => text !== "");

/** A message with more in it, or as it is: what is left out on the wire is not there. */
const perhaps = <T extends object, M extends object>(
  message: fc.Arbitrary<T>,
  more: fc.Arbitrary<M>,
): fc.Arbitrary<T & Partial<M>> =>
  fc.tuple(message, more, fc.boolean()).map(([a, b, has]) => has ? { ...a, ...b } : a);

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const ping = fc.record({
  kind: fc.constantFrom("ping" as const, "pong" as const),
  value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

const close = fc.record({
  kind: kind("close"),
  code: text,
  message: text,
  resume: fc.boolean(),
  retryMs: uint32,
});

const moment: fc.Arbitrary<Moment> = fc.record({ revision: uint53, time: uint53 });

const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ kind: kind("tree") }),
  fc.record({ kind: kind("files") }),
  fc.record({ kind: kind("diff"), from: moment, context: fc.nat(100) }),
  fc.record({ kind: kind("changes"), from: moment }),
  fc.record({ kind: kind("blame"), path: text, from: moment }),
  fc.record({
    kind: kind("search"),
    pattern: text,
    regular: fc.boolean(),
    ignoreCase: fc.boolean(),
    matches: uint32,
  }),
  fc.record({ kind: kind("blob"), hash }),
  fc.record({
    kind: kind("entries"),
    from: moment,
    authors: fc.array(text, { maxLength: 3 }),
    sites: fc.array(uint32, { maxLength: 3 }),
    tasks: fc.array(text, { maxLength: 3 }),
    revisions: fc.array(uint53, { maxLength: 3 }),
    newest: fc.boolean(),
    count: uint32,
    changes: fc.boolean(),
    undone: fc.boolean(),
  }),
);

const status = fc.constantFrom("added", "removed", "modified", "renamed");

const item: fc.Arbitrary<AnswerItem> = fc.oneof(
  fc.tuple(
    fc.record({ kind: kind("node"), id, path: text, type: nodeKind, length: uint53 }),
    mayHoldContent,
    mayBeExecutable,
  ).map(([node, content, mode]) => ({ ...node, ...content, ...mode })),
  fc.record({ kind: kind("bytes"), at: uint53, bytes }),
  fc.record({ kind: kind("content"), id, path: text, at: uint53, text }),
  fc.record({
    kind: kind("difference"),
    status,
    path: text,
    from: text,
    at: uint53,
    patch: text,
    omitted: fc.boolean(),
  }),
  fc.record({
    kind: kind("touched"),
    id,
    status,
    path: text,
    from: text,
    first: uint53,
    last: uint53,
    time: uint53,
    sites: fc.array(uint32, { maxLength: 5 }),
  }),
  fc.record({ kind: kind("line"), number: uint32, text, revision: uint53, time: uint53, site: uint32 }),
  fc.record({
    kind: kind("match"),
    path: text,
    id,
    line: uint32,
    column: uint32,
    length: uint32,
    text,
    textColumn: uint32,
  }),
  fc.record({ kind: kind("author"), site: uint32, participant }),
  perhaps(
    fc.record({
      kind: kind("made"),
      revision: uint53,
      site: uint32,
      seq: uint53,
      time: uint53,
      task: text,
      touched: fc.array(fc.record({ id, status, path: text, from: text }), { maxLength: 3 }),
    }),
    fc.record({ change }),
  ),
  fc.tuple(
    fc.record({
      kind: kind("undone"),
      id,
      type: nodeKind,
      path: text,
      forgotten: fc.boolean(),
      place: optional(fc.record({ live: fc.boolean(), parent: id, name: text })),
      op: edit.map(({ op }) => op),
      kept: fc.array(
        fc.constantFrom(
          "written" as const,
          "moved_since" as const,
          "removed_since" as const,
          "replaced_since" as const,
          "mode_since" as const,
        ),
        { maxLength: 4 },
      ),
    }),
    mayHoldContent,
  ).map(([item, content]) => ({ ...item, ...content })),
);

const adminQuestion: fc.Arbitrary<AdminQuestion> = fc.oneof(
  fc.record({ kind: kind("workspaces") }),
  fc.record({ kind: kind("clients"), workspace: text }),
  fc.record({
    kind: kind("kick"),
    workspace: text,
    site: uint32,
    name: text,
    connection: uint53,
    holdMs: uint53,
  }),
  fc.record({
    kind: kind("limits"),
    settings: fc.array(fc.record({ name: text, value: uint53 }), { maxLength: 5 }),
  }),
  fc.record({ kind: kind("tail"), workspace: text, from: uint53 }),
);

const adminItem: fc.Arbitrary<AdminItem> = fc.oneof(
  fc.record({
    kind: kind("workspace"),
    name: text,
    awake: fc.boolean(),
    revision: uint53,
    epoch: text,
    nodes: uint32,
    length: uint53,
    blobBytes: uint53,
    historyEntries: uint53,
    historyBytes: uint53,
    clients: uint32,
    queued: uint53,
    appending: uint53,
  }),
  fc.record({
    kind: kind("client"),
    connection: uint53,
    workspace: text,
    site: uint32,
    participant,
    door: text,
    address: text,
    since: uint53,
    heard: uint53,
    revision: uint53,
    behind: uint53,
    queuedBytes: uint53,
    inFlight: uint32,
    seq: uint53,
  }),
  fc.record({
    kind: kind("limit"),
    name: text,
    value: uint53,
    least: uint53,
    most: uint53,
    changed: fc.boolean(),
  }),
  fc.record({
    kind: kind("change"),
    workspace: text,
    revision: uint53,
    time: uint53,
    site: uint32,
    author: optional(participant),
    files: fc.array(fc.record({ path: text, step: text, inserted: uint53, removed: uint53 }), {
      maxLength: 3,
    }),
    others: uint32,
  }),
  fc.record({ kind: kind("missed"), workspace: text, first: uint53, last: uint53 }),
);

/** One arbitrary for each kind of message that a client sends. */
export const clientMessages: Readonly<Record<ClientMessage["kind"], fc.Arbitrary<ClientMessage>>> = {
  hello: perhaps(
    fc.record({
      kind: kind("hello"),
      version: uint32,
      workspace: text,
      participant,
      session: text,
      epoch: text,
      revision: uint53,
      snapshot: fc.boolean(),
      accepted: fc.boolean(),
      attempt: uint53,
      lazy: fc.boolean(),
      loaded: fc.array(id, { maxLength: 5 }),
      packed: fc.boolean(),
    }),
    fc.record({ token: notEmpty, scope: notEmpty, key: hash }),
  ),
  load: fc.record({ kind: kind("load"), nodes: fc.array(id, { maxLength: 5 }) }),
  operation: perhaps(
    fc.record({ kind: kind("operation"), seq: uint53, base: uint53, change }),
    fc.record({
      signature: fc.stringMatching(/^[0-9a-f]{128}$/),
      task: notEmpty,
      conditions: fc.array(condition, { minLength: 1, maxLength: 5 }),
    }),
  ),
  presence: fc.record({ kind: kind("presence"), place: optional(place) }),
  query: fc.record({
    kind: kind("query"),
    id: uint53,
    at: moment,
    paths: fc.array(text, { maxLength: 5 }),
    globs: fc.array(text, { maxLength: 5 }),
    after: text,
    question,
  }),
  upload: fc.record({ kind: kind("upload"), content: bytes }),
  admin_hello: perhaps(
    fc.record({ kind: kind("admin_hello"), version: uint32 }),
    fc.record({ token: notEmpty }),
  ),
  admin_ask: fc.record({ kind: kind("admin_ask"), id: uint53, question: adminQuestion }),
  ping,
  pong: ping,
  close,
};

/** One arbitrary for each kind of message that the server sends. */
export const serverMessages: Readonly<Record<ServerMessage["kind"], fc.Arbitrary<ServerMessage>>> = {
  welcome: perhaps(
    fc.record({
      kind: kind("welcome"),
      version: uint32,
      session: text,
      site: uint32,
      epoch: text,
      revision: uint53,
      resumed: fc.boolean(),
      committed: uint53,
      counter: uint32,
      limits: fc.record({
        frameBytes: uint32,
        messageBytes: uint32,
        textLength: uint32,
        workspaceLength: uint53,
        nodes: uint32,
        changesPerSecond: uint32,
        blobBytes: uint32,
      }),
    }),
    fc.record({ scope: notEmpty }),
  ),
  accepted: fc.record({ kind: kind("accepted"), seq: uint53 }),
  acknowledge: fc.record({
    kind: kind("acknowledge"),
    seq: uint53,
    revision: uint53,
    time: uint53,
    steps: fc.array(step, { maxLength: 5 }),
    notices: fc.array(notice, { maxLength: 5 }),
  }),
  refuse: fc.record({
    kind: kind("refuse"),
    seq: uint53,
    code: text,
    message: text,
    retryMs: uint32,
    nodes: fc.array(id, { maxLength: 5 }),
  }),
  entry: perhaps(
    fc.record({
      kind: kind("entry"),
      revision: uint53,
      site: uint32,
      seq: uint53,
      time: uint53,
      change,
      author: optional(participant),
    }),
    fc.record({ task: notEmpty, left: fc.array(id, { minLength: 1, maxLength: 5 }) }),
  ),
  sync: fc.record({
    kind: kind("sync"),
    revision: uint53,
    nodes: fc.array(
      fc.tuple(
        fc.record({ id, parent: id, name: text, kind: nodeKind, tombstone: optional(id) }),
        mayHoldContent,
        mayBeExecutable,
      ).map(([node, content, mode]) => ({ ...node, ...content, ...mode })),
      { maxLength: 5 },
    ),
    contents: fc.array(fc.record({ node: id, text }), { maxLength: 5 }),
    authors: fc.array(fc.record({ site: uint32, participant }), { maxLength: 5 }),
    last: fc.boolean(),
    load: fc.boolean(),
  }),
  presence: fc.record({
    kind: kind("presence"),
    site: uint32,
    participant: optional(participant),
    gone: fc.boolean(),
    place: optional(place),
  }),
  answer: fc.record({
    kind: kind("answer"),
    id: uint53,
    revision: uint53,
    items: fc.array(item, { maxLength: 5 }),
    last: fc.boolean(),
    next: text,
    code: text,
    message: text,
  }),
  uploaded: fc.record({ kind: kind("uploaded"), hash, code: text, message: text, retryMs: uint32 }),
  admin_answer: fc.record({
    kind: kind("admin_answer"),
    id: uint53,
    items: fc.array(adminItem, { maxLength: 5 }),
    last: fc.boolean(),
    code: text,
    message: text,
  }),
  ping,
  pong: ping,
  close,
};

export const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(...Object.values(clientMessages));
export const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(...Object.values(serverMessages));
