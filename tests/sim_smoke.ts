import { World, type WorldClient } from "../sim/world.ts";
import { drawFrom } from "../sim/random.ts";
import { editOf, replace, rootId, type Step, widen, type Workspace } from "../ot/mod.ts";
import { State } from "../server/core/mod.ts";

function dump(w: Workspace): string {
  return [...w.nodes()].map((n) =>
    `${n.id} ${n.parent} ${n.name} ${n.tombstone ?? ""} ${JSON.stringify(w.text(n.id).toString())}`
  ).sort().join("\n");
}

export function run(seed: number): string {
  const draw = drawFrom(seed);
  const world = new World({
    logWaits: draw("cfg", 0, 1) === 1,
    settings: {
      sendBytesMax: draw("cfg", 0, 1) ? 100 : 1 << 18,
      changesPerSecond: { human: draw("cfg", 0, 3) === 0 ? 5 : 10000, agent: 1e4, ci: 1e4 },
    },
  });
  const n = draw("cfg", 2, 4);
  const clients: WorldClient[] = [];
  for (let i = 0; i < n; i++) clients.push(world.client(`c${i}`));
  const steps = draw("cfg", 50, 300);
  const cutty = draw("cfg", 0, 2), crashy = draw("cfg", 0, 3) === 0;
  for (let i = 0; i < steps; i++) {
    const c = clients[draw("who", 0, n - 1)]!;
    const core = c.core;
    const links = world.links();
    const link = links.length ? links[draw("link", 0, links.length - 1)]! : 0;
    const what = draw("what", 0, 99);
    if (what < 30) {
      if (core.confirmed === undefined || core.phase === "ended") {
        world.connect(c);
        continue;
      }
      const nodes = [...core.view.nodes()].map((x) => x.id).sort();
      const node = () => nodes[draw("node", 0, nodes.length - 1)]!;
      const kind = draw("kind", 0, 9);
      const steps: Step[] = [];
      if (kind < 6) {
        const files = nodes.filter((id) => core.view.node(id)!.kind === "text");
        if (files.length === 0) {
          steps.push({ kind: "create", node: core.nextId(0), parent: rootId, name: "f.txt", type: "text" });
        } else {
          const f = files[draw("node", 0, Math.min(files.length - 1, 2))]!;
          const t = core.view.text(f);
          const at = draw("at", 0, t.length), rem = Math.min(t.length - at, draw("rem", 0, 3));
          const op = widen(replace(at, rem, ["a", "bc", "😀", "", "xyz"][draw("ins", 0, 4)]!), t);
          if (op.length && op.every((s) => s.remove > 0 || s.insert.isWellFormed())) {
            world.tell(c, { kind: "change", change: editOf(f, op), atomic: draw("atomic", 0, 5) === 0 });
          }
          if (draw("sel", 0, 3) === 0) {
            world.tell(c, {
              kind: "select",
              node: f,
              ranges: [{ anchor: 0, head: core.view.text(f).length }],
            });
          }
          continue;
        }
      } else if (kind === 6) {
        steps.push({
          kind: "create",
          node: core.nextId(0),
          parent: node(),
          name: ["a", "b.txt", "c"][draw("name", 0, 2)]!,
          type: draw("type", 0, 1) ? "text" : "directory",
        });
      } else if (kind === 7) steps.push({ kind: "move", node: node(), parent: node() });
      else if (kind === 8) {
        steps.push({ kind: "rename", node: node(), name: ["a", "b.txt", "c"][draw("name", 0, 2)]! });
      } else {steps.push(
          draw("rm", 0, 1)
            ? { kind: "remove", node: node(), tombstone: core.nextId(0) }
            : { kind: "restore", node: node() },
        );}
      world.tell(c, { kind: "change", change: { steps, edits: [] }, atomic: false });
    } else if (what < 34) world.tell(c, { kind: draw("undo", 0, 2) ? "undo" : "redo" });
    else if (what < 60) world.moveUp(link, draw("part", 0, 3) ? Infinity : draw("bytes", 1, 60));
    else if (what < 86) world.moveDown(link, draw("part", 0, 3) ? Infinity : draw("bytes", 1, 60));
    else if (what < 92) {
      world.answerLog((["stored", "stored", "stored", "failed", "in_doubt"] as const)[draw("log", 0, 4)]!);
    } else if (what < 95) world.pass(draw("time", 1, 2_000_000));
    else if (what < 97) world.connect(c);
    else if (cutty && what < 99) world.cut(c, { serverLearns: draw("learn", 0, 1) === 1 });
    else if (crashy) world.crash();
  }
  world.settle();
  let state = State.empty;
  for (const e of world.log.get("w")!) state = state.apply(e);
  const want = dump(state.workspace);
  for (const c of clients) {
    const got = dump(c.core.view);
    if (got !== want) throw new Error(`seed ${seed} client ${c.name}\n${got}\n---\n${want}`);
    if (dump(c.core.confirmed!) !== want) throw new Error(`seed ${seed} client ${c.name} confirmed`);
  }
  return want;
}
if (import.meta.main) {
  const from = Number(Deno.args[0] ?? 1), count = Number(Deno.args[1] ?? 300);
  const t = performance.now();
  let bad = 0;
  for (let s = from; s < from + count; s++) {
    try {
      run(s);
    } catch (e) {
      bad++;
      if (bad < 3) console.log("SEED", s, (e as Error).stack?.slice(0, 1500));
    }
  }
  console.log(count, "seeds", bad, "bad", Math.round(performance.now() - t), "ms");
}
