/**
 * Entries of the log as bytes. What the entries before say is left out: who the author is, where the next keystroke
 * stands. So an entry can be read only after those before it, from where a {@linkcode Context} begins.
 *
 *     shape      a number, see below
 *     times      milliseconds since the entry before
 *     sites      the author's site, if it is another one than before; its session when it is new here
 *     seqs       how far the session's seq has gone on, if not by one
 *     nodes, positions, counts, lengths, text: the author, if it is named; the task, if it is another than before; the
 *                change
 *     signatures what is kept of submissions that were signed
 *
 * Each of these is a column. In a row of the log all columns are one, so that an entry's bytes stand together; in a
 * packed segment each is by itself, which compresses better. The hash of the submission has no column here: it is
 * as long as all the rest, nobody needs it once a checkpoint has it, and the chain does not cover it.
 *
 * Equal entries after equal ones have equal bytes, and other bytes are not read as entries.
 *
 * @module
 */

import { assert, editsAreNormal, type NodeId, parseId, rootId } from "../../ot/mod.ts";
import type { LogEntry } from "../core/mod.ts";
import { type ByteReader, type ByteWriter, FormatError, readString, writeString } from "./bytes.ts";
import { readSigned, writeSigned } from "./signed.ts";
import { readParticipant, readTree, writeParticipant, writeTree } from "./tree.ts";

/** The streams that the fields of entries go to, or come from. */
export interface Columns<Stream> {
  readonly shapes: Stream;
  readonly times: Stream;
  readonly sites: Stream;
  readonly seqs: Stream;
  readonly nodes: Stream;
  readonly positions: Stream;
  readonly counts: Stream;
  readonly lengths: Stream;
  readonly text: Stream;
  readonly signatures: Stream;
}

/** All columns in one stream. */
export function oneColumn<Stream>(stream: Stream): Columns<Stream> {
  return {
    shapes: stream,
    times: stream,
    sites: stream,
    seqs: stream,
    nodes: stream,
    positions: stream,
    counts: stream,
    lengths: stream,
    text: stream,
    signatures: stream,
  };
}

/** The columns, in the order in which a segment has them. */
export const columnNames = [
  "shapes",
  "times",
  "sites",
  "seqs",
  "nodes",
  "positions",
  "counts",
  "lengths",
  "text",
  "signatures",
] as const satisfies readonly (keyof Columns<unknown>)[];

/** One edit with one splice, and nothing else. */
const isPlain = 1;
const isOtherSite = 2;
const isOtherSeq = 4;
const isAuthored = 8;
/** Of a plain entry. */
const isOtherNode = 16;
const isElsewhere = 32;
const removes = 64;
const ofPlain = isOtherNode | isElsewhere | removes;
/** Of any entry: a part of another task than the author's last one; it is signed. */
const isOtherTask = 128, isSigned = 256;
/** All that a shape can be. */
const shapeBits = 511;

/** What is remembered of a site: who it is, and where it was last. */
interface Author {
  readonly session: string;
  readonly seq: number;
  readonly node: NodeId;
  /** Behind what it did last. */
  readonly at: number;
  /** What it did that for; "" for nothing that has a name. */
  readonly task: string;
}

/** What the entries so far say about the next one. */
export class Context {
  #revision: number;
  #time: number;
  #site: number;
  readonly #authors: Map<number, Author>;

  private constructor(revision: number, time: number, site: number, authors: Map<number, Author>) {
    this.#revision = revision;
    this.#time = time;
    this.#site = site;
    this.#authors = authors;
  }

  /** Before the entry that follows `revision`, nothing is taken as known. */
  static after(revision: number): Context {
    return new Context(revision, 0, 0, new Map());
  }

  clone(): Context {
    return new Context(this.#revision, this.#time, this.#site, new Map(this.#authors));
  }

  write(entry: LogEntry, to: Columns<ByteWriter>): void {
    const {
      revision,
      time,
      session,
      site,
      seq,
      author,
      change: { steps, edits },
      notices,
      sites,
      signed,
      task = "",
    } = entry;
    assert(revision === this.#revision + 1 && time >= this.#time, `entry ${revision} is the next one`);
    assert(site !== 0 || entry.hash === 0, `entry ${revision}, which nobody has submitted, has no hash`);
    assert(editsAreNormal(edits), `the edits of entry ${revision} are in normal form`);
    const before = this.#authors.get(site);
    assert(before === undefined || before.session === session, `site ${site} is that of one session`);
    const known = before ?? stranger;
    const plain = isPlainEntry(entry) ? edits[0] : undefined;
    const splice = plain?.op[0];

    let shape = 0;
    if (site !== this.#site) shape |= isOtherSite;
    if (seq !== known.seq + 1) shape |= isOtherSeq;
    if (author !== undefined) shape |= isAuthored;
    if (signed !== undefined) shape |= isSigned;
    if (task !== known.task) shape |= isOtherTask;
    if (plain !== undefined && splice !== undefined) {
      shape |= isPlain;
      if (plain.node !== known.node) shape |= isOtherNode;
      if (splice.at !== known.at) shape |= isElsewhere;
      if (splice.remove > 0) shape |= removes;
    }
    to.shapes.varint(shape);
    to.times.varint(time - this.#time);
    if (site !== this.#site) to.sites.varint(site);
    if (before === undefined) writeString(to.lengths, to.text, session);
    if (shape & isOtherSeq) to.seqs.varint(seq);
    if (author !== undefined) writeParticipant(author, to);
    if (shape & isOtherTask) writeString(to.lengths, to.text, task);

    let { node, at } = known;
    if (plain !== undefined && splice !== undefined) {
      if (plain.node !== node) writeId(plain.node, to.nodes);
      if (splice.at !== at) to.positions.signed(splice.at - at);
      if (splice.remove > 0) to.counts.varint(splice.remove);
      writeString(to.lengths, to.text, splice.insert);
      node = plain.node;
      at = splice.at + splice.insert.length;
    } else {
      to.counts.varint(sites);
      writeTree(steps, notices, to);
      to.counts.varint(edits.length);
      for (const edit of edits) {
        writeId(edit.node, to.nodes);
        to.counts.varint(edit.op.length);
        let end = 0;
        for (const { at, remove, insert } of edit.op) {
          to.positions.varint(at - end);
          to.counts.varint(remove);
          writeString(to.lengths, to.text, insert);
          end = at + remove;
        }
      }
    }
    if (signed !== undefined) writeSigned(entry, signed, to.signatures);
    this.#passed(entry, node, at);
  }

  /** The next entry, without its hash. */
  read(from: Columns<ByteReader>): LogEntry {
    const shape = from.shapes.varint();
    if (shape > shapeBits) throw new FormatError("An entry has an unknown shape");
    const time = this.#time + from.times.varint();
    const site = shape & isOtherSite ? from.sites.varint() : this.#site;
    let isShortest = (shape & isOtherSite) === 0 || site !== this.#site;
    const before = this.#authors.get(site);
    const session = before === undefined ? readString(from.lengths, from.text) : before.session;
    const known = before ?? stranger;
    const seq = shape & isOtherSeq ? from.seqs.varint() : known.seq + 1;
    isShortest &&= (shape & isOtherSeq) === 0 || seq !== known.seq + 1;
    const author = shape & isAuthored ? readParticipant(from) : undefined;
    const task = shape & isOtherTask ? readString(from.lengths, from.text) : known.task;
    isShortest &&= (shape & isOtherTask) === 0 || task !== known.task;

    let { node, at } = known;
    const named = task === "" ? {} : { task };
    const base = { revision: this.#revision + 1, time, session, site, seq, author, ...named, hash: 0 };
    let entry: LogEntry;
    if (shape & isPlain) {
      if (shape & isOtherNode) node = readId(from.nodes);
      if (shape & isElsewhere) at += from.positions.signed();
      const remove = shape & removes ? from.counts.varint() : 0;
      const insert = readString(from.lengths, from.text);
      isShortest &&= ((shape & isOtherNode) === 0 || node !== known.node) &&
        ((shape & isElsewhere) === 0 || at !== known.at) && ((shape & removes) === 0 || remove > 0);
      const change = { steps: [], edits: [{ node, op: [{ at, remove, insert }] }] };
      entry = { ...base, change, notices: [], sites: 0 };
      at += insert.length;
    } else {
      const sites = from.counts.varint();
      const { steps, notices } = readTree(from);
      const edits = readMany(from.counts, () => {
        const node = readId(from.nodes);
        let end = 0;
        const op = readMany(from.counts, () => {
          const at = end + from.positions.varint();
          const remove = from.counts.varint();
          const insert = readString(from.lengths, from.text);
          end = at + remove;
          return { at, remove, insert };
        });
        return { node, op };
      });
      entry = { ...base, change: { steps, edits }, notices, sites };
      isShortest &&= (shape & ofPlain) === 0 && !isPlainEntry(entry);
    }
    if (shape & isSigned) entry = { ...entry, signed: readSigned(entry, from.signatures) };
    const isPossible = isShortest && Number.isSafeInteger(time) && Number.isSafeInteger(seq) && at >= 0 &&
      editsAreNormal(entry.change.edits);
    if (!isPossible) throw new FormatError(`Entry ${base.revision} cannot have been written`);
    this.#passed(entry, node, at);
    return entry;
  }

  #passed({ revision, time, session, site, seq, task = "" }: LogEntry, node: NodeId, at: number): void {
    this.#revision = revision;
    this.#time = time;
    this.#site = site;
    this.#authors.set(site, { session, seq, node, at, task });
  }
}

/** Whether it is one edit with one splice, and nothing else. */
function isPlainEntry({ change: { steps, edits }, notices, sites }: LogEntry): boolean {
  return edits.length === 1 && edits[0]!.op.length === 1 && steps.length === 0 && notices.length === 0 &&
    sites === 0;
}

const stranger: Author = { session: "", seq: 0, node: rootId, at: 0, task: "" };

export function writeId(id: NodeId, to: ByteWriter): void {
  const parts = parseId(id);
  assert(parts !== undefined, `${id} is an id`);
  to.varint(parts.site);
  to.varint(parts.counter);
}

export function readId(from: ByteReader): NodeId {
  const id = `${from.varint()}:${from.varint()}`;
  if (parseId(id) === undefined) throw new FormatError(`${id} is no id`);
  return id;
}

/** As many values as the next number says. They end when the bytes do, whatever it says. */
export function readMany<Value>(counts: ByteReader, read: () => Value): Value[] {
  const values: Value[] = [];
  for (let left = counts.varint(); left > 0; left--) values.push(read());
  return values;
}
