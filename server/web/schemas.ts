/**
 * What goes over HTTP as JSON. The schemas read what comes in, describe it in the OpenAPI document, and are what tests
 * hold the answers to.
 *
 * @module
 */

import { z } from "zod";
import { taskLengthMax } from "../../proto/mod.ts";
import { problem } from "./routes.ts";

const id = z.string().describe("The identity of a file or directory, which never changes.");
const path = z.string().describe('From the root, with "/" between names.');
const revision = z.int().min(0).describe("How many entries the log had.");
const units = z.int().min(0);
const status = z.enum(["added", "removed", "modified", "renamed"]);

export const tree = z.strictObject({
  revision,
  nodes: z.array(z.strictObject({
    id,
    path,
    kind: z.enum(["directory", "text", "blob"]),
    length: units.describe("Of a text file, in UTF-16 code units; of a binary file, in bytes."),
    executable: z.literal(true).describe("Of a file that can be executed.").exactOptional(),
  })),
}).meta({ id: "Tree" });

export const file = z.strictObject({ revision, id, path, text: z.string() }).meta({ id: "File" });

export const changes = z.strictObject({
  revision,
  files: z.array(z.strictObject({
    id,
    status,
    path: path.describe("As it is, or as it was if it is removed."),
    from: z.string().describe("As it was, if that is another."),
    first: revision.describe("The first entry that touched it."),
    last: revision.describe("The last one."),
    time: z.iso.datetime().describe("Of the last one."),
    authors: z.array(z.strictObject({
      site: z.int(),
      name: z.string().exactOptional(),
      kind: z.enum(["human", "agent", "ci"]).exactOptional(),
    })).describe("Who touched it, those who did so last first."),
  })),
}).meta({ id: "Changes" });

export const entries = z.strictObject({
  revision,
  entries: z.array(z.strictObject({
    revision: revision.describe("That the entry led to."),
    time: z.iso.datetime(),
    author: z.strictObject({
      site: z.int(),
      name: z.string().exactOptional(),
      kind: z.enum(["human", "agent", "ci"]).exactOptional(),
    }),
    task: z.string().describe('What it is a part of; "" if that has no name.'),
    files: z.array(z.strictObject({
      id,
      status,
      path: path.describe("As it was then, or before that if it was removed."),
      from: z.string().describe("Before that, if it was another."),
    })).describe("The first 1,000 files and directories that it touched."),
  })),
  next: z.string().describe("If not empty: there is more; ask again at this revision, with this as `after`."),
}).meta({ id: "Entries" });

export const difference = z.strictObject({
  revision,
  files: z.array(z.strictObject({
    status,
    path,
    from: z.string().describe("As it was, if that is another."),
    patch: z.string().describe("In the format of git."),
    omitted: z.boolean().describe("Too long to be compared: the patch says only that there is a difference."),
  })),
}).meta({ id: "Difference" });

export const matches = z.strictObject({
  revision,
  matches: z.array(z.strictObject({
    path,
    id,
    line: z.int().describe("From 1."),
    column: units.describe("From 0, in UTF-16 code units."),
    length: units.describe("Of what was found."),
    text: z.string().describe("The line, or what is around the place if it is long."),
    textColumn: units.describe("Where in the line `text` begins."),
  })),
  more: z.boolean().describe("Whether there may be others."),
}).meta({ id: "Matches" });

const splice = z.strictObject({
  at: units.describe("Where, in UTF-16 code units of what was read."),
  remove: units.describe("How many of them go."),
  insert: z.string().describe("What comes in their place."),
});

const wanted = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("text"), text: z.string().describe("All that the file is to say.") }),
  z.strictObject({ kind: z.literal("splices"), splices: z.array(splice) }),
  z.strictObject({
    kind: z.literal("replace"),
    old: z.string().describe("What stands in the file, exactly, and once."),
    new: z.string(),
    all: z.boolean().describe("Wherever it stands.").exactOptional(),
  }),
  z.strictObject({ kind: z.literal("patch"), patch: z.string().describe("A unified diff of this file.") }),
]);

const step = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("edit"),
    path: path.describe("Of the file as it was when it was read."),
    read: z.strictObject({
      revision: z.int().min(1).describe("That the answer named in which it was read.").exactOptional(),
      text: z.string().describe("All that it said; needed only where the revision is forgotten.")
        .exactOptional(),
    }).describe("What the edit is made on: a revision, a text, or both."),
    wanted: z.array(wanted).min(1).describe("What is to become of it, one after the other."),
  }),
  z.strictObject({
    kind: z.literal("create"),
    path,
    text: z.string(),
    executable: z.boolean().describe("Whether it can be executed: not, if left out.").exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("mode"),
    path: path.describe("Of a file, as it is called now."),
    executable: z.boolean().describe("Whether it can be executed from now on."),
  }),
  z.strictObject({ kind: z.literal("move"), path, to: path }),
  z.strictObject({ kind: z.literal("remove"), path }),
]);

export const changeRequest = z.strictObject({
  steps: z.array(step).min(1).max(10_000),
  policy: z.enum(["merge", "reject"])
    .describe("What is done where others have changed the same places: `merge` if left out.").exactOptional(),
  task: z.string().min(1).max(taskLengthMax).describe(
    "What it is a part of, by any name: the change keeps it, and what was done for one task can be found.",
  ).exactOptional(),
  preconditions: z.array(z.strictObject({
    path,
    exists: z.boolean().describe("Whether there is something at the path.").exactOptional(),
    unchangedSince: z.int().min(1).describe("The file is the same one, and says what it said then.")
      .exactOptional(),
  })).max(10_000).exactOptional(),
}).meta({ id: "ChangeRequest" });

const result = {
  outcome: z.enum(["applied", "merged", "overlap"]),
  changed: z.boolean(),
  revision: revision.describe("The entry that the change is; or the newest, if nothing was changed."),
  files: z.array(z.strictObject({
    id,
    path,
    outcome: z.enum(["applied", "merged", "overlap"]),
    text: z.string().describe("What it says now."),
    overlaps: z.array(z.strictObject({ from: units, to: units }))
      .describe("Where others have changed the same, in positions of that text."),
  })),
};

export const changeResult = z.strictObject(result).meta({ id: "ChangeResult" });
export const rejection = problem.extend(result).meta({ id: "Rejection" });
