/**
 * The door for agents: a server of the Model Context Protocol that is a client of a workspace as anybody else.
 *
 * @module
 */

export { Agent } from "./agent.ts";
export { HttpDoor, type HttpOptions, httpPath } from "./http.ts";
export { mcpServer, tools } from "./server.ts";
