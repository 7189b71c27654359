/**
 * The door for the web: WebSocket and HTTP.
 *
 * @module
 */

export {
  type Answerer,
  type Asked,
  type DoorOptions,
  jsonReply,
  refusedReply,
  type Reply,
  WebDoor,
} from "./door.ts";
export { isLoopback } from "./visitors.ts";
