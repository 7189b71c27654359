import { assert, assertEquals } from "@std/assert";
import { torture } from "../../cli/torture_run.ts";

Deno.test("a server that is killed five times while people type loses nothing that it called durable", async () => {
  const { durable, refused, faults } = await torture({ kills: 5, typists: 4, lifeMs: [20, 300] });
  assertEquals(faults, []);
  assertEquals(refused, []);
  assert(durable > 5, `${durable} changes were durable`);
});
