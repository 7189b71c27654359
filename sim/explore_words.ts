/**
 * What happens in an explored world, in words.
 *
 * @module
 */

import { decodeClientMessage, decodeServerMessage, FrameReader, type ServerMessage } from "../proto/mod.ts";
import { type ExploredWorld, happening, partsOf, people } from "./explore_world.ts";

/** Lets an event happen, and says what it was. */
export function applyInWords(world: ExploredWorld, event: number): string {
  const { kind, client } = partsOf(event);
  const who = people[client]!;
  const { up, down } = world.link(client);
  const append = world.append?.map(({ revision }) => revision).join(" and ") ?? "";
  world.apply(event);
  switch (kind) {
    case happening.choose: {
      const { facts, look } = world.client(client);
      const seen = world.portraits.textOf(look.view).split("\n").map((line) => `\n    ${line}`).join("");
      return `${who} ${facts.own.at(-1)?.label ?? "makes a change"}, and sees${seen}`;
    }
    case happening.arriveUp:
      return `from ${who} to the server: ${contentsOf(world.writes.bytesOf(up[0]!), clientWords)}`;
    case happening.arriveDown:
      return `from the server to ${who}: ${contentsOf(world.writes.bytesOf(down[0]!), serverWords)}`;
    case happening.stored:
      return `the log stores revision ${append}`;
    case happening.failed:
      return `the log fails to store revision ${append}`;
    case happening.inDoubt:
      return `the log stores revision ${append}, and its answer is lost`;
    case happening.cut:
      return `${who}'s link is cut`;
    case happening.cutUnheard:
      return `${who}'s link is cut, and the server does not hear of it`;
    case happening.cutHeard:
      return `the server hears that ${who}'s link was cut`;
    case happening.connect:
      return `${who} connects`;
    case happening.serverDue:
      return "the server tries again";
  }
}

function contentsOf(bytes: Uint8Array, wordsFor: (type: number, payload: Uint8Array) => string): string {
  const words: string[] = [];
  new FrameReader(bytes.length, bytes.length).push(bytes, (type, payload) => {
    words.push(wordsFor(type, payload));
  });
  return words.join(", ");
}

function clientWords(type: number, payload: Uint8Array): string {
  const message = decodeClientMessage(type, payload);
  if (message.kind !== "operation") return message.kind;
  return `operation ${message.seq} on revision ${message.base}`;
}

function serverWords(type: number, payload: Uint8Array): string {
  const message: ServerMessage = decodeServerMessage(type, payload);
  switch (message.kind) {
    case "entry":
      return `revision ${message.revision} of site ${message.site}`;
    case "acknowledge":
      return `operation ${message.seq} is revision ${message.revision}`;
    case "refuse":
      return `operation ${message.seq} is refused: ${message.code}`;
    default:
      return message.kind;
  }
}
