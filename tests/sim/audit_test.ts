/**
 * Whether an audit finds what somebody has done to a log of signed changes who can make its chain anew.
 *
 * @module
 */

import { insert, remove, rootId } from "../../ot/mod.ts";
import { verify } from "../../proto/mod.ts";
import {
  Audit,
  type AuditFault,
  type AuditOptions,
  type AuditReport,
  type LogEntry,
  State,
} from "../../server/core/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { keys, signedLog, SignedWorld } from "./signed_log.ts";

const entries = signedLog();

function audited(
  log: readonly LogEntry[],
  options: Partial<AuditOptions> = {},
  base: State = State.empty,
): AuditReport {
  const audit = new Audit(base, { verify, ...options });
  for (const entry of log) audit.take(entry);
  return audit.report();
}

/** The first fault of a log in which one entry is another one. */
function faultOf(
  at: (entry: LogEntry) => boolean,
  change: (entry: LogEntry) => LogEntry,
): AuditFault | undefined {
  const index = entries.findIndex(at);
  assert(index >= 0, "there is such an entry");
  const { first } = audited(entries.with(index, change(entries[index]!)));
  if (first !== null) assertEquals(first.revision, index + 1);
  return first?.fault;
}

const isSigned = ({ signed }: LogEntry) => signed !== undefined;
const isLater = ({ signed, author, change }: LogEntry) =>
  signed !== undefined && author === undefined && change.edits.length === 1 && change.steps.length === 0;
const isMoved = (entry: LogEntry) => isLater(entry) && entry.signed?.bytes !== undefined;

Deno.test("every entry of people who sign follows from what they signed", () => {
  const report = audited(entries);
  assertEquals(report.first, null);
  const signed = entries.filter(isSigned).length;
  assertEquals([report.derived, report.underived, report.purged], [signed, 0, 0]);
  assertEquals(report.unsigned, entries.filter(({ session, signed }) => session !== "" && !signed).length);
  assertEquals(report.server, entries.filter(({ session }) => session === "").length);
  assertEquals(report.authors.map(({ name, key }) => [name, key]), [
    ["Ada", keys.Ada],
    ["Bob", keys.Bob],
    ["Guest", null],
  ]);
  assert(entries.some(isMoved), "some came out differently from what was signed");
  assert(entries.some(({ notices, signed }) => notices.length > 0 && signed !== undefined));
});

Deno.test("an entry that says something else than what was signed is found", () => {
  const reworded = (entry: LogEntry): LogEntry => {
    const [{ node, op }] = entry.change.edits as [LogEntry["change"]["edits"][number]];
    const edits = [{
      node,
      op: op.map((splice) => ({ ...splice, insert: splice.insert.replace(".", "!") })),
    }];
    return { ...entry, change: { ...entry.change, edits } };
  };
  assertEquals(faultOf((entry) => isLater(entry) && !isMoved(entry), reworded), "signature_invalid");
  assertEquals(faultOf(isMoved, reworded), "not_derived");
  const steps = entries.find((entry) => isSigned(entry) && entry.notices.length > 0)!;
  const renamed = { ...steps, notices: [] };
  assertEquals(faultOf((entry) => entry === steps, () => renamed), "not_derived");
});

Deno.test("what belongs to a signature cannot be another: seq, base, site, session, key, workspace", () => {
  const other = <T extends object>(entry: T, more: Partial<T>) => ({ ...entry, ...more });
  const signed = (entry: LogEntry, more: object) => ({ ...entry, signed: { ...entry.signed!, ...more } });
  assertEquals(faultOf(isLater, (entry) => other(entry, { seq: entry.seq + 100 })), "signature_invalid");
  assertEquals(faultOf(isMoved, (entry) => other(entry, { seq: entry.seq + 100 })), "other_submission");
  assertEquals(
    faultOf(isMoved, (entry) => signed(entry, { base: entry.signed!.base - 1 })),
    "other_submission",
  );
  assertEquals(
    faultOf(isLater, (entry) => signed(entry, { signature: "00".repeat(64) })),
    "signature_invalid",
  );
  assertEquals(faultOf(isLater, (entry) => signed(entry, { signature: "" })), "purge_unrecorded");
  assertEquals(faultOf(isLater, ({ signed: _, ...entry }) => entry), "signature_missing");
  const isFirst = ({ signed }: LogEntry) => signed?.signer !== undefined;
  const signer = (entry: LogEntry, more: object) =>
    signed(entry, { signer: { ...entry.signed!.signer!, ...more } });
  assertEquals(faultOf(isFirst, (entry) => signer(entry, { workspace: "v" })), "signature_invalid");
  assertEquals(faultOf(isFirst, (entry) => signer(entry, { key: keys.Bob })), "signature_invalid");
  assertEquals(faultOf(isFirst, (entry) => signer(entry, { key: "00".repeat(32) })), "key_unknown");
  const guest = ({ session, signed }: LogEntry) => session !== "" && signed === undefined;
  const taken = entries.find(isLater)!.signed!;
  const isLaterGuest = (entry: LogEntry) => guest(entry) && entry.author === undefined;
  assertEquals(faultOf(isLaterGuest, (entry) => ({ ...entry, signed: taken })), "key_unknown");
});

Deno.test("an entry that is there a second time, or by somebody on another's site, is found", () => {
  const again = (entry: LogEntry) => ({ ...entry, revision: entries.length + 1 });
  const repeated = entries.find((entry) => isLater(entry) && !isMoved(entry))!;
  assertEquals(audited([...entries, again(repeated)]).first?.fault, "repeated");
  const ada = entries.find(isLater)!;
  const forged = {
    ...again(ada),
    session: "a session of my own",
    author: { name: "Ada", kind: "human" as const },
    seq: 1,
  };
  assertEquals(audited([...entries, forged]).first?.fault, "site_taken");
  const { signed: _, ...unsigned } = forged;
  const { first, unsigned: count } = audited([...entries, { ...unsigned, site: 999 }]);
  assertEquals([first, count], [null, audited(entries).unsigned + 1]);
  assertEquals(audited([...entries, { ...unsigned, site: 999 }]).severalKeys, ["Ada"]);
});

Deno.test("a task is signed, and so is what a change depends on: that it held is looked at again", () => {
  const begun = (): SignedWorld => {
    const made = new SignedWorld();
    made.meet(1);
    return made;
  };
  const depend = (made: SignedWorld) => {
    const { world, ada, file } = made, { core } = ada;
    const step = {
      kind: "create",
      node: core.nextId(0),
      parent: rootId,
      name: "d",
      type: "directory",
    } as const;
    world.tell(ada, {
      kind: "change",
      change: { steps: [step], edits: [] },
      atomic: true,
      task: "tidy",
      conditions: [{ kind: "content", node: file, since: core.revision }],
    });
    world.settle();
    return made.entries.at(-1)!;
  };
  const made = begun(), entry = depend(made);
  assertEquals([entry.task, entry.signed?.bytes !== undefined], ["tidy", true]);
  assertEquals(audited(made.entries).first, null);
  const before = made.entries.slice(0, -1);
  assertEquals(audited([...before, { ...entry, task: "other" }]).first?.fault, "not_derived");

  // Of the same beginning: there, Bob was first.
  const elsewhere = begun();
  elsewhere.type(elsewhere.bob, insert(0, "Bob. "));
  elsewhere.world.settle();
  const bobs = elsewhere.entries.at(-1)!;
  assertEquals(bobs.revision, entry.revision);
  const late = { ...entry, revision: entry.revision + 1, time: Math.max(entry.time, bobs.time) };
  assertEquals(audited([...before, bobs, late]).first?.fault, "condition_broken");
});

Deno.test("a task alone takes no more room than its name: what was signed is made of the entry again", () => {
  const made = new SignedWorld(), { world, ada, file } = made;
  const edits = [{ node: file, op: insert(0, "x") }];
  world.tell(ada, { kind: "change", change: { steps: [], edits }, atomic: false, task: "tidy" });
  world.settle();
  const entry = made.entries.at(-1)!;
  assertEquals([entry.task, entry.signed?.bytes], ["tidy", undefined]);
  assertEquals(audited(made.entries).first, null);
});

Deno.test("the server's own entries do nothing but reserve sites and forget", () => {
  const last = entries[0]!;
  const server = { ...last, revision: entries.length + 1, time: entries.at(-1)!.time, sites: 0 };
  assertEquals(audited([...entries, server]).first, null);
  const node = entries.find(isLater)!.change.edits[0]!.node;
  const edit = { steps: [], edits: [{ node, op: insert(0, "by nobody") }] };
  assertEquals(audited([...entries, { ...server, change: edit }]).first?.fault, "server_change");
});

Deno.test("who may sign as whom is looked at, where it is said", () => {
  const all = new Map([["Ada", new Set([keys.Ada])], ["Bob", new Set([keys.Ada, keys.Bob])]]);
  assertEquals(audited(entries, { signers: all }).first, null);
  const swapped = new Map([["Ada", new Set([keys.Bob])], ["Bob", new Set([keys.Bob])]]);
  assertEquals(audited(entries, { signers: swapped }).first?.fault, "signer_unknown");
  const { first } = audited(entries, { signers: new Map([["Ada", new Set([keys.Ada])]]) });
  assertEquals([first?.fault, first?.name], ["signer_unknown", "Bob"]);
  const guest = audited(entries, { signers: new Map([...all, ["Guest", new Set([keys.Ada])]]) });
  assertEquals([guest.first?.fault, guest.first?.name], ["not_signed", "Guest"]);
});

Deno.test("a log that begins with a state is looked at from there, and what is made on earlier revisions not derived", () => {
  const made = new SignedWorld();
  made.meet(1);
  made.type(made.ada, remove(0, 1));
  const from = made.entries.length;
  // Bob's change is on its way, on a base before the state, while Ada's takes its place.
  made.type(made.bob, insert(0, "late"));
  made.world.settle();
  made.meet(2);
  const state = made.entries.slice(0, from + 1).reduce((state, entry) => state.apply(entry), State.empty);
  const saved = State.restore(JSON.parse(JSON.stringify(state.save())));
  const report = audited(made.entries.slice(from + 1), {}, saved);
  assertEquals(report.first, null);
  assertEquals(report.underived, 1);
  assert(report.derived > 2);
});
