/**
 * Logs of people who sign and of one who does not, made by the real cores, with changes that meet.
 *
 * @module
 */

import { type Edit, insert, rootId, type Step, type TextOp } from "../../ot/mod.ts";
import { Signer } from "../../proto/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { World, type WorldClient } from "../../sim/world.ts";

export const secrets = { Ada: "aa".repeat(32), Bob: "bb".repeat(32) } as const;

/** The public keys of those who sign. */
export const keys = { Ada: new Signer(secrets.Ada).key, Bob: new Signer(secrets.Bob).key } as const;

/** A world in which Ada and Bob sign, and Guest does not, at work in one file. */
export class SignedWorld {
  readonly world = new World();
  readonly ada = this.world.client("Ada", { signingKey: secrets.Ada });
  readonly bob = this.world.client("Bob", { signingKey: secrets.Bob });
  readonly guest = this.world.client("Guest");
  readonly file: string;

  constructor() {
    this.world.settle();
    this.file = this.ada.core.nextId(0);
    this.change(this.ada, [{
      kind: "create",
      node: this.file,
      parent: rootId,
      name: "notes.txt",
      type: "text",
    }]);
    this.world.settle();
  }

  get entries(): LogEntry[] {
    return this.world.log.get("w")!;
  }

  change(client: WorldClient, steps: readonly Step[], edits: readonly Edit[] = []): void {
    this.world.tell(client, { kind: "change", change: { steps, edits }, atomic: true });
  }

  type(client: WorldClient, op: TextOp): void {
    this.change(client, [], [{ node: this.file, op }]);
  }

  /** Everybody types at one place, and makes a file of one name, before hearing of the others. */
  meet(round: number): void {
    for (const client of [this.ada, this.bob, this.guest]) {
      const node = client.core.nextId(0);
      this.type(client, insert(0, `${client.name} ${round}. `));
      this.change(client, [{ kind: "create", node, parent: rootId, name: `round ${round}`, type: "text" }], [
        { node, op: insert(0, client.name) },
      ]);
    }
    this.world.settle();
  }
}

/** So many rounds of that. */
export function signedLog(rounds = 4): LogEntry[] {
  const made = new SignedWorld();
  for (let round = 1; round <= rounds; round++) made.meet(round);
  return made.entries;
}
