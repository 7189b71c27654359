/**
 * Who says where he is, by hand.
 *
 * @module
 */

import { insert, rootId } from "../../../ot/mod.ts";
import { defaultSettings } from "../../../server/core/mod.ts";
import { Presences } from "../../../server/core/presence.ts";
import { Rights } from "../../../server/core/rights.ts";
import { Sequencer } from "../../../server/core/sequencer.ts";
import { Session } from "../../../server/core/session.ts";
import { assert, assertEquals } from "../../assert.ts";

Deno.test("nobody is asked anew for a place in a file that he may not see: so he does not learn that it is there", () => {
  const sequencer = new Sequencer({ ...defaultSettings, historyEntriesMax: 4 });
  const participant = { name: "ann", kind: "human" } as const;
  const create = { kind: "create", node: "1:1", parent: rootId, name: "secret.txt", type: "text" } as const;
  for (let seq = 1; seq <= 40; seq++) {
    const change = {
      steps: seq === 1 ? [create] : [],
      edits: [{ node: "1:1", op: insert(0, "x") }],
    };
    const who = { session: "session", site: 1, participant };
    sequencer.sequence({ ...who, seq, base: seq - 1, change, conditions: [], hash: seq }, 0);
    sequencer.commit();
    sequencer.trim(seq);
  }
  assert(sequencer.floor > 1, "what is old is let go of");

  const presences = new Presences(sequencer);
  const isUnderstood = (capabilities: readonly string[], node: string) => {
    const session = new Session("other", 2, participant, 0);
    session.admit(
      undefined,
      Rights.of({ participant, capabilities: [capabilities], expiresMs: 0, tokens: [] }),
    );
    presences.came(session);
    return presences.moved(session, { node, revision: 1, seq: 0, ranges: [{ anchor: 0, head: 0 }] });
  };
  assertEquals(isUnderstood(["edit:**"], "1:1"), false);
  // Of what is not there and of what is not seen the same is said: nothing.
  assertEquals(isUnderstood(["edit:**"], "1:2"), true);
  assertEquals(isUnderstood(["edit:mine/**"], "1:1"), true);
  assertEquals(isUnderstood(["edit:mine/**"], "1:2"), true);
});
