/**
 * How the cursors and selections of others look in a CodeMirror editor. Everybody has a colour that goes with their
 * site, and so the same in every editor.
 *
 * @module
 */

import type { Extension } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

/** What an editor shows: named so, it can be published without the types of a browser. */
type Element = ReturnType<WidgetType["toDOM"]>;

/** Neighbours on the colour wheel are far apart: the golden angle, in degrees. */
const hueStep = 137.508;

/** Somebody's colour, as CSS has it. */
function colorOf(site: number, opacity = 1): string {
  return `hsl(${Math.round(site * hueStep) % 360} 70% 38% / ${opacity})`;
}

/** The mark for what somebody has selected. */
export function selectionOf(site: number): Decoration {
  return Decoration.mark({ attributes: { style: `background-color: ${colorOf(site, 0.2)}` } });
}

/** A line between two characters, with a name. */
export class RemoteCursor extends WidgetType {
  /** @param isBelow Where the name goes: on the first line there is no room above. */
  constructor(readonly site: number, readonly name: string, readonly isBelow: boolean) {
    super();
  }

  override eq(other: RemoteCursor): boolean {
    return other.site === this.site && other.name === this.name && other.isBelow === this.isBelow;
  }

  override toDOM({ dom: { ownerDocument: page } }: EditorView): Element {
    const cursor = page.createElement("span");
    cursor.className = "cm-remote-cursor";
    cursor.style.borderColor = colorOf(this.site);
    cursor.ariaHidden = "true";
    if (this.name === "") return cursor;
    const label = page.createElement("span");
    label.className = this.isBelow ? "cm-remote-name cm-remote-name-below" : "cm-remote-name";
    label.style.backgroundColor = colorOf(this.site);
    label.textContent = this.name;
    cursor.append(label);
    return cursor;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** What they look like besides their colours. */
export const remoteCursorTheme: Extension = EditorView.baseTheme({
  ".cm-remote-cursor": {
    position: "relative",
    borderLeft: "2px solid",
    marginLeft: "-1px",
    marginRight: "-1px",
    pointerEvents: "none",
  },
  ".cm-remote-name": {
    position: "absolute",
    left: "-2px",
    bottom: "100%",
    padding: "0 4px",
    borderRadius: "3px 3px 3px 0",
    color: "white",
    font: "11px/15px system-ui, sans-serif",
    whiteSpace: "nowrap",
    userSelect: "none",
    zIndex: "10",
    // What is under it can be read.
    opacity: "0.8",
  },
  ".cm-remote-name-below": {
    bottom: "auto",
    top: "100%",
    borderRadius: "0 3px 3px 3px",
  },
});
