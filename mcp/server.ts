/**
 * A server of the Model Context Protocol: one agent's door to a workspace.
 *
 * @module
 */

// @ts-types="@modelcontextprotocol/sdk/server/index"
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Agent } from "./agent.ts";
import { failure, type Report, type Tool } from "./tool.ts";
import { blame } from "./tools/blame.ts";
import { changeTools } from "./tools/change_tools.ts";
import { diff } from "./tools/diff.ts";
import { listFiles } from "./tools/list_files.ts";
import { readFiles } from "./tools/read_files.ts";
import { revertTools } from "./tools/revert_tools.ts";
import { search } from "./tools/search.ts";
import { waitForChanges } from "./tools/wait_for_changes.ts";
import { whoIsHere } from "./tools/who_is_here.ts";

/** All that an agent can call. */
export const tools: readonly Tool[] = [
  listFiles,
  readFiles,
  search,
  diff,
  blame,
  whoIsHere,
  waitForChanges,
  ...changeTools,
  ...revertTools,
];

/** What a model is told of all tools together. */
const instructions =
  "A workspace of text files that people and other agents edit at this very moment. Read what you want to change, and " +
  "name the revision you read when you edit: your edit is merged with whatever has been typed since, so there is no " +
  "need to hurry, to lock or to read again first. Make edits small, say with replacements: where others have not " +
  "touched the same places, nobody notices. If an edit is answered with overlap, look at what others wrote there, and " +
  "respect it. Every answer names a revision; go on from it. Errors are `code: what to do`.";

/** A server through which `agent` takes part; it is to be connected to a transport. */
export function mcpServer(agent: Agent, version: string, report: Report): Server {
  // The SDK's other server, which has tools of its own, words the refusal of arguments itself, and without a code.
  const server = new Server(
    { name: "dist-space", title: "Dist-Space", version },
    { instructions, capabilities: { tools: {} } },
  );
  const byName = new Map(tools.map((tool) => [tool.description.name, tool]));
  server.setRequestHandler(
    ListToolsRequestSchema,
    () => ({ tools: tools.map(({ description }) => description) }),
  );
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, _meta, sendNotification }) => {
    const tool = byName.get(params.name);
    if (tool === undefined) {
      return failure("tool_unknown", `There is no such tool. There are ${[...byName.keys()].join(", ")}`);
    }
    const progressToken = _meta?.progressToken;
    const progress = (done: number, total: number) => {
      if (progressToken === undefined) return;
      const params = { progressToken, progress: done, total };
      // Whoever does not hear it has gone, and is told of by the transport.
      sendNotification({ method: "notifications/progress", params }).catch(() => {});
    };
    return await tool.call(agent, params.arguments, { signal, progress }, report);
  });
  return server;
}
