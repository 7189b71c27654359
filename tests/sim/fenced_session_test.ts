import { editOf, insert, rootId } from "../../ot/mod.ts";
import { World } from "../../sim/world.ts";
import { assertEquals } from "../assert.ts";

Deno.test("Room: who comes back while a change is unsettled, and is cut off before the welcome, is not here", () => {
  const world = new World({ logWaits: true });
  const ann = world.client("ann"), bob = world.client("bob");
  world.settle();
  const node = ann.core.nextId(0);
  const file = { kind: "create", node, parent: rootId, name: "f.txt", type: "text" } as const;
  world.tell(ann, { kind: "change", change: { steps: [file], edits: [] }, atomic: false });
  world.settle();
  assertEquals(bob.core.peers.map(({ site }) => site), [ann.core.site]);

  // The server does not learn that the link is gone, and the log takes its time over a change.
  world.tell(ann, { kind: "change", change: editOf(node, insert(0, "x")), atomic: false });
  world.moveUp(ann.link!.connection);
  world.cut(ann, { serverLearns: false });
  world.pass(1_000_000);
  world.connect(ann);
  world.moveUp(ann.link!.connection);
  world.cut(ann);
  world.clients.splice(world.clients.indexOf(ann), 1);
  world.settle();

  assertEquals(bob.core.peers.map(({ site }) => site), []);
});
