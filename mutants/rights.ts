/**
 * Mutants of rights: who may see and change what (section 6 of the design).
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const rightsMutants: readonly Mutant[] = [
  {
    name: "a move is looked at where it ends alone",
    file: "server/core/guard.ts",
    text: "(isNew || tree.coversAll(before, node)) && tree.coversAll(after, node);",
    replacement: "tree.coversAll(after, node);",
    breaks: "capabilities are checked at both ends of a move",
  },
  {
    name: "a move is looked at where it begins alone",
    file: "server/core/guard.ts",
    text: "(isNew || tree.coversAll(before, node)) && tree.coversAll(after, node);",
    replacement: "(isNew || tree.coversAll(before, node)) && (!isNew || tree.coversAll(after, node));",
    breaks: "capabilities are checked at both ends of a move",
  },
  {
    name: "a directory takes along what its mover may not touch",
    file: "server/core/guard.ts",
    text: "(isNew || tree.coversAll(before, node)) && tree.coversAll(after, node);",
    replacement: "(isNew || tree.covers(before, node)) && tree.covers(after, node);",
    breaks: "capabilities are checked for every node that a change places",
  },
  {
    name: "an edit is not looked at where the file comes from",
    file: "server/core/guard.ts",
    text: "if (!(isNew || edit.covers(before, node)) || !edit.covers(after, node)) out.add(node);",
    replacement: "if (isNew && !edit.covers(after, node)) out.add(node);",
    breaks: "capabilities are checked at sequencing for every change",
  },
  {
    name: "who has lost sight of a file goes on editing it",
    file: "server/core/guard.ts",
    text: "if (this.#view !== undefined && this.#view.enteredAt(node) > base) out.add(node);",
    replacement: "if (this.#view !== undefined && this.#view.enteredAt(node) > base + 1e9) out.add(node);",
    breaks: "an edit is of a text that its author has followed",
  },
  {
    name: "what is in a directory that crosses the edge is forgotten",
    file: "server/core/scoped_log.ts",
    text: "for (const workspace of [before, after]) addAllIn(workspace, node, nodes);",
    replacement:
      "for (const workspace of [before]) if (workspace === after) addAllIn(workspace, node, nodes);",
    breaks: "a move across the edge is a remove or a create with content",
  },
  {
    name: "what comes into sight comes without its text",
    file: "server/core/scoped_log.ts",
    text: `const insert = kind === "text" ? after.text(id).toString() : "";`,
    replacement: `const insert = "";`,
    breaks: "a move across the edge is a remove or a create with content",
  },
  {
    name: "what goes out of sight stays",
    file: "server/core/scoped_log.ts",
    text: "if (saw) left.push(id);",
    replacement: "if (saw && ofNode.size === 0) left.push(id);",
    breaks: "what one may not read one never receives",
  },
  {
    name: "edits are told to everybody",
    file: "server/core/scoped_log.ts",
    text: "const seen = edits.filter(({ node }) => scope.covers(after, node));",
    replacement: "const seen = edits.filter(({ node }) => scope.covers(after, node) || after.isLive(node));",
    breaks: "what one may not read one never receives",
  },
  {
    name: "a view keeps what was sequenced and dropped",
    file: "server/core/views.ts",
    text: "for (const { log } of this.#parts.values()) log.rollBack(revision);",
    replacement: "for (const { log } of this.#parts.values()) log.trim(0);",
    breaks: "on failure the core drops all speculation",
  },
  {
    name: "who resumes in another scope goes on with its entries",
    file: "server/core/room.ts",
    text: `const resumed = known && (hello.scope ?? "") === key && hello.revision >= floor;`,
    replacement: "const resumed = known && hello.revision >= floor;",
    breaks: "entries of a scope go on from what was held of it",
    survives: "a client has one token for as long as it runs, and one that starts again asks for a snapshot",
  },
  {
    name: "what comes into sight can no longer be executed",
    file: "server/core/scoped_log.ts",
    text: "...content && { content }, ...executable && { executable } });",
    replacement: "...content && { content } });",
    breaks: "what comes into sight comes as it is",
  },
  {
    name: "a snapshot is of everything",
    file: "server/core/snapshot.ts",
    text: "const seen = { revision, authors, workspace: scope.partOf(workspace) };",
    replacement: "const seen = { revision, authors, workspace: scope && workspace };",
    breaks: "what one may not read one never receives",
  },
  {
    name: "a snapshot is kept for all, whatever they may see",
    file: "server/core/room.ts",
    text: "const owner = scope.isEverything ? this : this.#views.of(scope);",
    replacement: "const owner = scope.isEverything ? this : this.#views.of(scope) && this;",
    breaks: "encoding is shared per read scope",
  },
  {
    name: "presence tells where nobody may look",
    file: "server/core/presence.ts",
    text: "const isSeen = presence.place === undefined || scope.covers(workspace, presence.place.node);",
    replacement: "const isSeen = presence.place === undefined || !scope.isEverything || workspace.size > 0;",
    breaks: "what one may not read one never receives",
  },
  {
    name: "somebody is asked for a place where nobody may look",
    file: "server/core/presence.ts",
    text: "return !session.rights.read.covers(this.#sequencer.durable.workspace, place.node);",
    replacement: "return false;",
    breaks: "what one may not read one never receives",
  },
  {
    name: "who comes into sight is not said to be there",
    file: "server/core/room.ts",
    text: "if (nodes.size > 0) this.#presences.sayAgain(nodes);",
    replacement: "if (nodes.size < 0) this.#presences.sayAgain(nodes);",
    breaks: "everybody's cursors are known to everybody who may know",
    survives:
      "a client says again where it is whenever what it says may have been lost; a test of its own finds it",
  },
  {
    name: "answers tell of everything",
    file: "server/core/core.ts",
    text: "const scope = rights.read.isEverything ? {} : { scope: rights.read.key };",
    replacement: "const scope = rights.read.isEverything ? { scope: rights.read.key } : {};",
    breaks: "what one may not read one never receives",
  },
  {
    name: "who has been cut off still gets changes into the log",
    file: "server/core/session.ts",
    text: "return this.isBarred || (this.grant !== undefined && hasExpired(this.grant, nowUs));",
    replacement: "return this.isBarred && this.grant === undefined && nowUs === 0;",
    breaks: "rights are checked anew when a change is sequenced",
  },
  {
    name: "whoever has a token looks after the server",
    file: "server/core/core.ts",
    text: "if (!connection.rights.isAdmin) return",
    replacement: "if (connection.grant === undefined) return",
    breaks: "an administrator is who has admin in each layer of the token",
  },
  {
    name: "one layer that says admin is enough",
    file: "server/core/rights.ts",
    text: `layers.every((layer) => layer.includes("admin"))`,
    replacement: `layers.some((layer) => layer.includes("admin"))`,
    breaks: "an administrator is who has admin in each layer of the token",
  },
  {
    name: "an administrator's connection outlives the token",
    file: "server/core/core.ts",
    text: "if (connection.grant?.tokens.some((token) => tokens.has(token)) !== true) continue;",
    replacement:
      "if (connection.administrator !== undefined || connection.grant?.tokens.some((token) => tokens.has(token)) !== true) continue;",
    breaks: "revocation acts on live connections",
    survives: "the administrators of a simulation keep their tokens; a test of its own finds it",
  },
  {
    name: "a revoked token keeps its connections",
    file: "server/core/core.ts",
    text: `this.#cutOff(connection, "token_revoked", nowUs);`,
    replacement: 'if (connection.ended) this.#cutOff(connection, "token_revoked", nowUs);',
    breaks: "revocation acts on live connections",
  },
  {
    name: "a token that has ended keeps its connections",
    file: "server/core/core.ts",
    text: "if (connection.grant === undefined || !hasExpired(connection.grant, nowUs)) return false;",
    replacement:
      "if (connection.grant === undefined || !connection.closing || !hasExpired(connection.grant, nowUs)) return false;",
    breaks: "expiry acts on live connections",
  },
  {
    name: "a client keeps what it may see no longer",
    file: "client/core/replica.ts",
    text: "this.#confirmed = before?.apply(change, left);",
    replacement: "this.#confirmed = before?.apply(change);",
    breaks: "what has left is forgotten",
  },
  {
    name: "what is removed in a directory does not go with it",
    file: "ot/workspace.ts",
    text: "for (const [id] of this.#removed.get(directory) ?? []) yield this.#nodes.get(id)!;",
    replacement:
      "for (const [id] of this.#removed.get(directory) ?? []) if (id === directory) yield this.#nodes.get(id)!;",
    breaks: "removed nodes keep their place",
  },
];
