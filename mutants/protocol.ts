/**
 * Mutants of frames and messages: section 7 of the design.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const protocolMutants: readonly Mutant[] = [
  {
    name: "the start of a frame is lost when its buffer grows",
    file: "proto/frame.ts",
    text: "larger.set(this.#buffer.subarray(0, this.#filled));",
    replacement: "",
    breaks: "a byte stream may be cut anywhere",
  },
  {
    name: "a frame that is cut inside its length is misread",
    file: "proto/frame.ts",
    text: "const wanted = this.#filled < headBytes ? headBytes :",
    replacement: "const wanted = this.#filled < headBytes - 1 ? headBytes :",
    breaks: "a byte stream may be cut anywhere",
  },
  {
    name: "the rest of a piece is dropped after a frame",
    file: "proto/frame.ts",
    text: "from += count;",
    replacement: "from += Math.max(count, this.#filled === wanted ? count + 1 : 0);",
    breaks: "a byte stream may be cut anywhere",
  },
  {
    name: "lengths are little-endian",
    file: "proto/frame.ts",
    text: "bytes[at + 2] = length >>> 8;\n  bytes[at + 3] = length;",
    replacement: "bytes[at + 2] = length;\n  bytes[at + 3] = length >>> 8;",
    breaks: "the length is 32 bits, big-endian",
  },
  {
    name: "a frame at the limit is refused",
    file: "proto/frame.ts",
    text: "if (length > this.#bytesMax) {",
    replacement: "if (length >= this.#bytesMax) {",
    breaks: "a frame of 1 MiB is taken, one byte more is not",
    by: "laws",
  },
  {
    name: "frames may have any length",
    file: "proto/frame.ts",
    text: "if (length > this.#bytesMax) {",
    replacement: "if (length > this.#bytesMax * 1000) {",
    breaks: "a frame of 1 MiB is taken, one byte more is not",
  },
  {
    name: "a frame without a type is taken",
    file: "proto/frame.ts",
    text: `if (length === 0) throw`,
    replacement: `if (length < 0) throw`,
    breaks: "bytes that are no frame end the connection with a named error",
    by: "laws",
  },
  {
    name: "a message in parts is one byte too long",
    file: "proto/frame.ts",
    text: "const carried = bytesMax - 3, payload = length - 1;",
    replacement: "const carried = bytesMax - 2, payload = length - 1;",
    breaks: "a large change is sent in parts",
  },
  {
    name: "the parts of a message are put together anew each time",
    file: "proto/frame.ts",
    text: "larger.set(this.#message.subarray(0, this.#messageFilled));",
    replacement: "",
    breaks: "a large change is sent in parts",
  },
  {
    name: "messages in parts may have any length",
    file: "proto/frame.ts",
    text: "if (filled > bytesMax) {",
    replacement: "if (filled > bytesMax * 1000) {",
    breaks: "a large change has a limit, and is refused before anything is applied",
  },
  {
    name: "bytes that are no protobuf stop the server",
    file: "proto/message.ts",
    text: `throw malformed("its bytes are no protobuf");`,
    replacement: "throw error;",
    breaks: "malformed bytes give a named error, never a crash",
    by: "laws",
  },
  {
    name: "a ping of another length is read",
    file: "proto/message.ts",
    text: "if (payload.length !== 8) throw",
    replacement: "if (payload.length < 8) throw",
    breaks: "a ping carries 8 bytes",
    by: "laws",
  },
  {
    name: "whose removal is taken back is not said",
    file: "proto/change_wire.ts",
    text:
      "return { node, restore: step.tombstone === undefined ? {} : { tombstone: idToWire(step.tombstone) } };",
    replacement: "return { node, restore: {} };",
    breaks: "undo of the earlier of two removals does nothing",
    by: "laws",
  },
  {
    name: "notices do not reach the author",
    file: "proto/message.ts",
    text: "notices: (acknowledge.notices ?? []).map(noticeOf),",
    replacement: "notices: [],",
    breaks: "the acknowledgement says what came out differently from what was meant",
    by: "laws",
  },
  {
    name: "acknowledgements do not carry steps",
    file: "proto/message.ts",
    text: "steps: (acknowledge.steps ?? []).map(stepOf),",
    replacement: "steps: [],",
    breaks: "the acknowledgement carries the resolved steps",
  },
  {
    name: "a removed node arrives alive",
    file: "proto/snapshot_wire.ts",
    text: "tombstone: node.tombstone ? idOf(node.tombstone) : undefined,",
    replacement: "tombstone: undefined,",
    breaks: "a snapshot is the state of its revision",
  },
  {
    name: "a snapshot does not say what can be executed",
    file: "proto/snapshot_wire.ts",
    text: "executable: node.executable ?? null,",
    replacement: "",
    breaks: "a snapshot is the state of its revision",
  },
  {
    name: "pieces of a snapshot do not say which is the last",
    file: "proto/snapshot_wire.ts",
    text: "last: last ?? false,",
    replacement: "last: true,",
    breaks: "a snapshot comes in pieces",
  },
];
