/**
 * Tree steps, what came out differently, and who people are, as bytes.
 *
 * @module
 */

import type { BlobContent, Notice, Step } from "../../ot/mod.ts";
// Not by way of the protocol as a whole, which takes long to load: the threads of a log do without it.
import { fromHex, toHex } from "../../proto/bytes.ts";
import type { Participant } from "../../proto/mod.ts";
import { type ByteReader, type ByteWriter, FormatError, readString, writeString } from "./bytes.ts";
import { type Columns, readId, readMany, writeId } from "./entry.ts";

type Target = Pick<Columns<ByteWriter>, "nodes" | "counts" | "lengths" | "text">;
type Source = Pick<Columns<ByteReader>, "nodes" | "counts" | "lengths" | "text">;

// What a number stands for must never change: new kinds are added at the end.
const nodeKinds = ["directory", "text", "blob"] as const;
const stepKinds = [
  "create",
  "move",
  "rename",
  "remove",
  "restore",
  "restoreAny",
  "forget",
  "replace",
  "mode",
  "createExecutable",
] as const;
const noticeKinds = ["renamed", "retargeted", "dropped"] as const;
const reasons = ["cycle", "superseded"] as const;
const participantKinds = ["human", "agent", "ci"] as const;

export function writeTree(steps: readonly Step[], notices: readonly Notice[], to: Target): void {
  to.counts.varint(steps.length);
  for (const step of steps) {
    to.counts.varint(stepKinds.indexOf(kindOf(step)));
    writeId(step.node, to.nodes);
    switch (step.kind) {
      case "create":
        to.counts.varint(nodeKinds.indexOf(step.type));
        writeId(step.parent, to.nodes);
        writeString(to.lengths, to.text, step.name);
        if (step.content !== undefined) writeContent(step.content, to.counts, to.text);
        break;
      case "move":
        writeId(step.parent, to.nodes);
        break;
      case "rename":
        writeString(to.lengths, to.text, step.name);
        break;
      case "remove":
      case "restore":
        if (step.tombstone !== undefined) writeId(step.tombstone, to.nodes);
        break;
      case "replace":
        writeContent(step.content, to.counts, to.text);
        break;
      case "mode":
        to.counts.varint(step.executable ? 1 : 0);
    }
  }
  to.counts.varint(notices.length);
  for (const notice of notices) {
    to.counts.varint(noticeKinds.indexOf(notice.kind));
    writeId(notice.node, to.nodes);
    if (notice.kind === "renamed") writeString(to.lengths, to.text, notice.name);
    else if (notice.kind === "retargeted") writeId(notice.parent, to.nodes);
    else to.counts.varint(reasons.indexOf(notice.reason));
  }
}

function kindOf(step: Step): typeof stepKinds[number] {
  if (step.kind === "restore" && step.tombstone === undefined) return "restoreAny";
  return step.kind === "create" && step.executable ? "createExecutable" : step.kind;
}

export function readTree(from: Source): { steps: Step[]; notices: Notice[] } {
  const steps = readMany(from.counts, (): Step => {
    const kind = oneOf(stepKinds, from.counts);
    const node = readId(from.nodes);
    switch (kind) {
      case "create":
      case "createExecutable": {
        const type = oneOf(nodeKinds, from.counts);
        const parent = readId(from.nodes), name = readString(from.lengths, from.text);
        const made = { kind: "create", node, parent, name, type } as const;
        return {
          ...made,
          ...type === "blob" && { content: readContent(from.counts, from.text) },
          ...kind === "createExecutable" && { executable: true },
        };
      }
      case "move":
        return { kind, node, parent: readId(from.nodes) };
      case "rename":
        return { kind, node, name: readString(from.lengths, from.text) };
      case "remove":
      case "restore":
        return { kind, node, tombstone: readId(from.nodes) };
      case "restoreAny":
        return { kind: "restore", node };
      case "forget":
        return { kind, node };
      case "replace":
        return { kind, node, content: readContent(from.counts, from.text) };
      case "mode":
        return { kind, node, executable: oneOf([false, true], from.counts) };
    }
  });
  const notices = readMany(from.counts, (): Notice => {
    const kind = oneOf(noticeKinds, from.counts);
    const node = readId(from.nodes);
    switch (kind) {
      case "renamed":
        return { kind, node, name: readString(from.lengths, from.text) };
      case "retargeted":
        return { kind, node, parent: readId(from.nodes) };
      case "dropped":
        return { kind, node, reason: oneOf(reasons, from.counts) };
    }
  });
  return { steps, notices };
}

export function writeParticipant({ name, kind }: Participant, to: Target): void {
  to.counts.varint(participantKinds.indexOf(kind));
  writeString(to.lengths, to.text, name);
}

export function readParticipant(from: Source): Participant {
  const kind = oneOf(participantKinds, from.counts);
  return { name: readString(from.lengths, from.text), kind };
}

const hashBytes = 32;

/** What a blob holds: how many bytes, and their hash. */
export function writeContent({ hash, bytes }: BlobContent, counts: ByteWriter, text: ByteWriter): void {
  counts.varint(bytes);
  text.raw(fromHex(hash));
}

export function readContent(counts: ByteReader, text: ByteReader): BlobContent {
  return { bytes: counts.varint(), hash: toHex(text.raw(hashBytes)) };
}

export function writeNodeKind(kind: typeof nodeKinds[number], to: ByteWriter): void {
  to.varint(nodeKinds.indexOf(kind));
}

export function readNodeKind(from: ByteReader): typeof nodeKinds[number] {
  return oneOf(nodeKinds, from);
}

function oneOf<Value>(values: readonly Value[], from: ByteReader): Value {
  const value = values[from.varint()];
  if (value === undefined) throw new FormatError("Something is of an unknown kind");
  return value;
}
