/**
 * The thread that writes: the event loop of the server never waits for the disk.
 *
 * @module
 */

import type { WriterCalls } from "./messages.ts";
import { answerWith } from "./thread.ts";
import { Writer } from "./writer.ts";

let writer: Writer;

answerWith<WriterCalls>({
  open: (options) => void (writer = new Writer(options, () => crypto.randomUUID())),
  create: (asked) => writer.create(asked),
  append: (appends) => writer.append(appends),
  pieces: (asked) => writer.pieces(asked),
  checkpoint: (asked) => writer.checkpoint(asked),
  segment: (asked) => writer.segment(asked),
  retain: (asked) => writer.retain(asked),
  putContent: (asked) => writer.putContent(asked),
  holdContent: (asked) => writer.holdContent(asked),
  removeContents: (asked) => writer.removeContents(asked),
  poll: (heads) => writer.poll(heads),
  close: (asked) => writer.close(asked),
});
