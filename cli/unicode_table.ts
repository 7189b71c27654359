/**
 * Generates ot/unicode_table.ts from what this engine knows of Unicode:
 * `deno run --allow-write=ot/unicode_table.ts cli/unicode_table.ts`.
 *
 * Run by hand, and only to raise the version: every server and client of a workspace must have one table.
 *
 * JavaScript does not tell a code point's combining class, but `normalize` sorts by it, so two marks can be
 * compared. Their ranks are stored in place of the classes: nothing but the order matters.
 *
 * @module
 */

/** How many characters each version has, by The Unicode Standard, Appendix D. `process.versions` may be wrong. */
const characterCounts = new Map([
  [149_186, "15.0"],
  [149_813, "15.1"],
  [154_998, "16.0"],
  [159_801, "17.0"],
]);

const points: string[] = [];
for (let point = 0; point <= 0x10ffff; point++) {
  if (point < 0xd800 || point > 0xdfff) points.push(String.fromCodePoint(point));
}
const characterCount = points.filter((char) => /[^\p{Cn}\p{Cc}\p{Co}]/u.test(char)).length;
const version = characterCounts.get(characterCount);
if (version === undefined) {
  throw new Error(`Cannot tell which version of Unicode has ${characterCount} characters`);
}

const pointOf = (char: string) => char.codePointAt(0)!;

/** Code points that never stand in a composed text. */
const excluded = points.filter((char) => char.normalize("NFC") !== char);

/** Whether `normalize` brings `two` before `one`: both are marks, and the class of `two` is lower. */
const swaps = (one: string, two: string) => one !== two && (one + two).normalize("NFD") === two + one;

// U+0334 has the lowest class, and U+0345 the highest, alone.
const marks = points.filter((char) =>
  char.normalize("NFD") === char && (swaps("\u0345", char) || swaps(char, "\u0334"))
);
/** One mark of each class, from the lowest to the highest. */
const ranks: string[] = [];
const rankOf = new Map<string, number>();
for (const mark of marks) {
  if (!ranks.some((other) => !swaps(mark, other) && !swaps(other, mark))) ranks.push(mark);
}
ranks.sort((a, b) => swaps(a, b) ? 1 : -1);
for (const mark of marks) {
  rankOf.set(mark, 1 + ranks.findIndex((other) => !swaps(mark, other) && !swaps(other, mark)));
}

/** What two code points compose to; the Hangul syllables, which follow a rule, are left out. */
const pairs: { first: string; second: string; composite: string }[] = [];
for (const composite of points) {
  const isHangul = pointOf(composite) >= 0xac00 && pointOf(composite) <= 0xd7a3;
  const whole = composite.normalize("NFD");
  if (isHangul || whole === composite || composite.normalize("NFC") !== composite) continue;
  const parts = [...whole], second = parts.pop()!;
  pairs.push({ first: parts.join("").normalize("NFC"), second, composite });
}
pairs.sort((a, b) => pointOf(a.second) - pointOf(b.second) || pointOf(a.first) - pointOf(b.first));

for (const { first, second, composite } of pairs) {
  if ([...first].length !== 1 || (first + second).normalize("NFC") !== composite) {
    throw new Error(`Cannot describe ${composite} as a pair`);
  }
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whole numbers from 0 on, five bits a digit, lowest first; each digit but a number's last has 32 added. */
function encode(numbers: readonly number[]): string {
  let result = "";
  for (let number of numbers) {
    for (; number >= 32; number = Math.floor(number / 32)) result += digits[32 + number % 32];
    result += digits[number];
  }
  return result;
}

/** Code points, each with a value, as runs of neighbours of one value: how far on, how many more, the value. */
function runs(chars: readonly string[], valueOf?: (char: string) => number): number[] {
  const result: number[] = [];
  let end = 0;
  for (let i = 0; i < chars.length;) {
    const from = pointOf(chars[i]!), value = valueOf?.(chars[i]!);
    let length = 1;
    for (i++; i < chars.length && pointOf(chars[i]!) === from + length; i++, length++) {
      if (valueOf?.(chars[i]!) !== value) break;
    }
    result.push(from - end, length - 1);
    if (value !== undefined) result.push(value);
    end = from + length;
  }
  return result;
}

/** By second part: how far on, how many; for each how far on its first part is, and its composite (signed). */
function pairNumbers(): number[] {
  const result: number[] = [];
  let composite = 0, second = 0;
  for (const [, group] of Map.groupBy(pairs, (pair) => pair.second)) {
    result.push(pointOf(group[0]!.second) - second, group.length);
    second = pointOf(group[0]!.second);
    let first = 0;
    for (const pair of group) {
      const by = pointOf(pair.composite) - composite;
      result.push(pointOf(pair.first) - first, by < 0 ? -2 * by - 1 : 2 * by);
      first = pointOf(pair.first);
      composite += by;
    }
  }
  return result;
}

function constant(name: string, comment: string, numbers: readonly number[]): string {
  const lines = encode(numbers).match(/.{1,100}/g)!.map((line) => `"${line}"`);
  return `/** ${comment} */\nexport const ${name} =\n  ${lines.join(" +\n  ")};\n`;
}

await Deno.writeTextFile(
  new URL("../ot/unicode_table.ts", import.meta.url),
  `/**
 * What Unicode ${version} says about composition, packed. Generated by cli/unicode_table.ts, which describes
 * the packing; unicode.ts unpacks it.
 *
 * @module
 */

/** The version of Unicode that the tables are of. */
export const unicodeVersion = "${version}";

${constant("excludedRuns", "Code points that never stand in a composed text.", runs(excluded))}
${
    constant(
      "markRuns",
      "Combining marks, with the rank of their class.",
      runs(marks, (mark) => rankOf.get(mark)!),
    )
  }
${constant("pairRuns", "Which two code points compose to which; Hangul is left out.", pairNumbers())}`,
);
console.log(
  `Unicode ${version}: ${excluded.length} excluded, ${marks.length} marks in ${ranks.length} classes, ` +
    `${pairs.length} pairs`,
);
