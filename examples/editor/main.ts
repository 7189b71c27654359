/**
 * A page with one file of a workspace in an editor. Open it in two windows:
 *
 *     ?name=Ada&workspace=main&file=notes.txt&server=ws://127.0.0.1:8001
 *
 * @module
 */

/// <reference lib="dom" />

import { defaultKeymap } from "@codemirror/commands";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { sharedFile } from "../../client/codemirror.ts";
import { Space, SpaceError, webSocket } from "../../mod.ts";

const asked = new URLSearchParams(location.search);
const file = asked.get("file") ?? "notes.txt";
const element = (id: string) => document.getElementById(id)!;
const say = (text: string) => element("status").textContent = text;
element("file").textContent = file;

try {
  const space = await Space.open({
    dial: webSocket(asked.get("server") ?? "ws://127.0.0.1:8001"),
    workspace: asked.get("workspace") ?? "main",
    name: asked.get("name") ?? "Guest",
  });
  if (space.find(file) === undefined) await space.create(file).settled;

  const editor = new EditorView({
    parent: element("editor"),
    doc: space.read(file),
    extensions: [
      sharedFile(space, file, { onProblem: ({ message }) => say(message) }),
      lineNumbers(),
      drawSelection(),
      EditorView.lineWrapping,
      keymap.of(defaultKeymap),
    ],
  });
  editor.focus();

  const tell = () => {
    const { phase, unsent } = space.status;
    const others = space.peers.map(({ participant: { name } }) => name).join(", ");
    say(`${phase}${unsent > 0 ? `, ${unsent} on the way` : ""}${others === "" ? "" : `, with ${others}`}`);
  };
  space.on("status", tell);
  space.on("presence", tell);
  tell();
  element("undo").onclick = () => void space.undo();
  element("redo").onclick = () => void space.redo();
} catch (error) {
  if (!(error instanceof SpaceError)) throw error;
  say(`${error.message} (${error.code})`);
}
