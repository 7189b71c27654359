import fc from "fast-check";
import { GlobError, Globs, type GlobState } from "../../ot/mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

const name = fc.constantFrom("a", "b", "ab", "a.ts", ".a", "😀");
const path = fc.array(name, { minLength: 1, maxLength: 4 });
const segment = fc.constantFrom("**", "*", "a", "?", "a*", "*.ts", "[ab]", "{a,b*}", "\\*");
const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));

function after(globs: Globs, names: readonly string[]): GlobState {
  return names.reduce((state, name) => globs.step(state, name), globs.start);
}

Deno.test("Globs.step() leads to a path exactly if a state on the way says that it leads on", () => {
  fc.assert(fc.property(fc.array(glob, { maxLength: 3 }), path, (all, names) => {
    const globs = new Globs(all);
    if (!after(globs, names).accepts) return;
    for (let length = 0; length < names.length; length++) {
      assert(after(globs, names.slice(0, length)).leads, `${names} is like one of ${all}`);
    }
  }));
});

Deno.test("Globs.step() covers what is below a path if it says so", () => {
  fc.assert(fc.property(fc.array(glob, { maxLength: 3 }), path, path, (all, names, below) => {
    const globs = new Globs(all);
    if (after(globs, names).covers) assert(after(globs, [...names, ...below]).accepts);
  }));
});

Deno.test("Globs.match() of several globs is that of any of them", () => {
  fc.assert(fc.property(fc.array(glob, { maxLength: 3 }), path, (all, names) => {
    const path = names.join("/");
    assertEquals(new Globs(all).match(path), all.some((glob) => new Globs([glob]).match(path)));
  }));
});

Deno.test("Globs: equal states are one object, so that they can be told apart quickly", () => {
  const globs = new Globs(["src/**", "a"]);
  assert(after(globs, ["src"]) === after(globs, ["src"]));
  assert(after(globs, ["src", "x"]) === after(globs, ["src", "y", "z"]));
  assert(after(globs, ["src"]) !== after(globs, ["a"]));
});

Deno.test("Globs: a choice may hold several names", () => {
  const globs = new Globs(["{src/main,docs}/*.md"]);
  assert(globs.match("src/main/a.md"));
  assert(globs.match("docs/a.md"));
  assert(!globs.match("src/a.md"));
});

Deno.test("Globs refuses what is no glob, and what would be too many, quickly", () => {
  for (const glob of ["[", "[]", "{a", "\\", "[z-a]", "{a,b}".repeat(11), "x".repeat(10_001)]) {
    assertThrows(() => new Globs([glob]), GlobError);
  }
  assertEquals(new Globs(["{a}".repeat(3000)]).match("a".repeat(3000)), true);
});
