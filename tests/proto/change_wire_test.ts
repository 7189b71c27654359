/**
 * Changes are the same again after they have been to the shapes of the generated code.
 *
 * @module
 */

import fc from "fast-check";
import { changeOf, changeToWire } from "../../proto/change_wire.ts";
import { assertEquals } from "../assert.ts";
import { change } from "./arbitrary_messages.ts";

Deno.test("changeOf() gives back the change that changeToWire() was given", () => {
  fc.assert(fc.property(change, (change) => assertEquals(changeOf(changeToWire(change)), change)), {
    numRuns: 300,
  });
});
