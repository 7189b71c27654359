/**
 * Conditions held against a workspace, one by one.
 *
 * @module
 */

import { rootId, Workspace } from "../../../ot/mod.ts";
import { brokenConditions, type Ground } from "../../../server/core/conditions.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("a path has changed since a directory above was moved or renamed, and is gone with one that is removed", () => {
  const steps = [
    { kind: "create", node: "1:1", parent: rootId, name: "src", type: "directory" },
    { kind: "create", node: "1:2", parent: "1:1", name: "deep", type: "directory" },
    { kind: "create", node: "1:3", parent: "1:2", name: "a.txt", type: "text" },
  ] as const;
  const workspace = Workspace.empty.apply({ steps, edits: [] });
  const ground = (moved: string, now: Workspace = workspace): Ground => ({
    ...{ workspace: now, floor: 0, base: 9, changedAt: () => 0, enteredAt: () => 0, metAt: () => 0 },
    movedAt: (node) => node === moved ? 5 : 0,
  });
  const broken = (since: number, on: Ground) =>
    brokenConditions([{ kind: "path", node: "1:3", since }], on).map(({ node }) => node);
  for (const moved of ["1:1", "1:2", "1:3"]) {
    assertEquals([broken(4, ground(moved)), broken(5, ground(moved))], [["1:3"], []]);
  }
  const removed = workspace.apply({ steps: [{ kind: "remove", node: "1:1", tombstone: "1:4" }], edits: [] });
  assertEquals(broken(9, ground("", removed)), ["1:3"]);
});
