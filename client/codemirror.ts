/**
 * A file of a workspace in a CodeMirror 6 editor: what others type appears in it, with their cursors and names, and what
 * is typed in it goes to them.
 *
 *     new EditorView({ doc: space.read(path), extensions: [sharedFile(space, path)], parent });
 *
 * The editor and the file have one text at all times: each change is passed on within the call that makes it. Should
 * the two come apart all the same, because a change was refused, the editor is set right by the difference. Undo is the
 * workspace's: it takes back what one did oneself, here or in other files, amid what others have done. So the
 * editor's own history is left out.
 *
 * The cursor that others see is that of the editor that was last in focus. A file that is removed by others stays in
 * the editor: `space.on("tree", …)` tells of that.
 *
 * @module
 */

import {
  Annotation,
  type ChangeSet,
  EditorState,
  type Extension,
  Prec,
  type Range,
  Transaction,
} from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  type PluginValue,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import {
  difference,
  type NodeId,
  normalize,
  type Space,
  SpaceError,
  type SpaceEvents,
  type Splice,
  type TextOp,
} from "../mod.ts";
import { RemoteCursor, remoteCursorTheme, selectionOf } from "./codemirror_cursor.ts";

/** What editors are made of, as their package has it. */
export type { Extension } from "@codemirror/state";

/** What an editor of a file may want to know. */
export interface SharedFileOptions {
  /** Something typed was refused, and has been taken out of the editor again. */
  readonly onProblem?: (problem: SpaceError) => void;
}

/** Marks what comes from the workspace, and is not to be sent there. */
const fromSpace = Annotation.define<boolean>();

/**
 * The extension that makes an editor one of the file at `path`, which has to be there, and loaded.
 *
 * @throws {SpaceError} if it is not.
 */
export function sharedFile(space: Space, path: string, options: SharedFileOptions = {}): Extension {
  const file = space.find(path);
  if (file?.kind !== "text") throw new SpaceError("not_found", `There is no file at "${path}"`);
  if (!space.isLoaded(path)) {
    throw new SpaceError("not_loaded", `What "${path}" says is not here: load() it first`);
  }
  return [
    // All positions count the same only if a carriage return is a character like any other.
    EditorState.lineSeparator.of("\n"),
    ViewPlugin.define((view) => new SharedFile(view, space, file.id, options), {
      decorations: ({ decorations }) => decorations,
    }),
    Prec.high(keymap.of([
      { key: "Mod-z", run: () => undo(space), preventDefault: true },
      { key: "Mod-y", mac: "Mod-Shift-z", run: () => redo(space), preventDefault: true },
      { linux: "Ctrl-Shift-z", run: () => redo(space), preventDefault: true },
    ])),
    EditorView.domEventHandlers({
      // From a menu, or a gesture.
      beforeinput({ inputType }) {
        if (inputType === "historyUndo") return undo(space);
        return inputType === "historyRedo" && redo(space);
      },
    }),
    remoteCursorTheme,
  ];
}

function undo(space: Space): true {
  space.undo();
  return true;
}

function redo(space: Space): true {
  space.redo();
  return true;
}

class SharedFile implements PluginValue {
  decorations: DecorationSet = Decoration.none;
  readonly #view: EditorView;
  readonly #space: Space;
  readonly #options: SharedFileOptions;
  #id: NodeId;
  /** Whether the view is taking something in: meanwhile it takes nothing else. */
  #isUpdating = false;
  #isCatchingUp = false;
  #isRedrawing = false;
  /** Whether the others see the cursor of this editor. */
  #isShown = false;
  #isDestroyed = false;
  readonly #listening: readonly (() => void)[];

  constructor(view: EditorView, space: Space, id: NodeId, options: SharedFileOptions) {
    this.#view = view;
    this.#space = space;
    this.#options = options;
    this.#id = id;
    this.#listening = [
      space.on("edited", (event) => this.#edited(event)),
      space.on("presence", () => this.#redrawSoon()),
      space.on("renumbered", ({ ids }) => this.#id = ids.get(this.#id) ?? this.#id),
    ];
    this.#catchUpSoon();
    this.#redrawSoon();
  }

  update(update: ViewUpdate): void {
    this.#isUpdating = true;
    try {
      for (const transaction of update.transactions) {
        if (!transaction.docChanged || transaction.annotation(fromSpace) === true) continue;
        if (!this.#send(transaction.changes)) break;
      }
      if (update.selectionSet || update.focusChanged) this.#showOthers();
    } finally {
      this.#isUpdating = false;
    }
    if (update.docChanged || this.#isRedrawing) {
      this.#isRedrawing = false;
      this.decorations = this.#cursors();
    }
  }

  destroy(): void {
    this.#isDestroyed = true;
    for (const stop of this.#listening) stop();
    if (this.#isShown) this.#space.select(undefined);
  }

  /** Passes on what was typed; false if it was refused, and what follows does not fit any more. */
  #send(changes: ChangeSet): boolean {
    const splices: Splice[] = [];
    changes.iterChanges((from, to, _from, _to, inserted) => {
      splices.push({ at: from, remove: to - from, insert: inserted.toString() });
    });
    try {
      this.#space.edit(this.#id, normalize(splices));
      return true;
    } catch (error) {
      this.#catchUpSoon();
      if (!(error instanceof SpaceError)) throw error;
      this.#options.onProblem?.(error);
      return false;
    }
  }

  #edited({ node, op, origin }: SpaceEvents["edited"]): void {
    if (node !== this.#id) return;
    if (!this.#isUpdating) return this.#apply(op, origin === "undo");
    // What is being sent is in the editor already; if anything else comes of it, that is seen afterwards.
    if (origin !== "local") this.#catchUpSoon();
  }

  /** Takes over what has been done to the text; what one has undone oneself is shown. */
  #apply(op: TextOp, isShown: boolean): void {
    const changes = this.#view.state.changes(
      op.map(({ at, remove, insert }) => ({ from: at, to: at + remove, insert })),
    );
    const last = op.at(-1);
    this.#view.dispatch({
      changes,
      ...isShown && last !== undefined
        ? { selection: { anchor: changes.mapPos(last.at + last.remove, 1) }, scrollIntoView: true }
        : {},
      annotations: [
        fromSpace.of(true),
        Transaction.addToHistory.of(false),
        Transaction.remote.of(!isShown),
      ],
    });
  }

  /** Sets the editor right by the difference, if there is one, as soon as it can take that. */
  #catchUpSoon(): void {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    queueMicrotask(() => {
      this.#isCatchingUp = false;
      if (this.#isDestroyed) return;
      const op = difference(this.#view.state.doc.toString(), this.#space.workspace.text(this.#id));
      if (op.length > 0) this.#apply(op, false);
    });
  }

  // Cursors ---------------------------------------------------------------------------------------------------

  /** Shows the others where one is in this editor. */
  #showOthers(): void {
    const { state, hasFocus } = this.#view;
    const path = this.#space.pathOf(this.#id);
    if (!hasFocus || this.#space.find(path)?.id !== this.#id) return;
    const { main, ranges } = state.selection;
    const shown = [main, ...ranges.filter((range) => range !== main)];
    this.#space.select(path, shown.map(({ anchor, head }) => ({ anchor, head })));
    this.#isShown = true;
  }

  /** Draws the others' cursors anew, once for all that has come by the next frame. */
  #redrawSoon(): void {
    if (this.#isRedrawing) return;
    this.#isRedrawing = true;
    // An editor without a window shows nothing, nor cursors.
    this.#view.dom.ownerDocument.defaultView?.requestAnimationFrame(() => {
      // Something was typed meanwhile, and they are drawn already.
      if (this.#isRedrawing && !this.#isDestroyed) this.#view.dispatch({});
    });
  }

  #cursors(): DecorationSet {
    const { doc } = this.#view.state;
    const drawn: Range<Decoration>[] = [];
    for (const { site, node, ranges, participant: { name } } of this.#space.peers) {
      if (node !== this.#id) continue;
      ranges.forEach(({ anchor, head }, i) => {
        const from = Math.min(anchor, head, doc.length), to = Math.min(Math.max(anchor, head), doc.length);
        if (from < to) drawn.push(selectionOf(site).range(from, to));
        const at = Math.min(head, doc.length);
        // The name stands at the main one.
        const widget = new RemoteCursor(site, i === 0 ? name : "", at <= doc.line(1).to);
        drawn.push(Decoration.widget({ widget, side: 1 }).range(at));
      });
    }
    return Decoration.set(drawn, true);
  }
}
