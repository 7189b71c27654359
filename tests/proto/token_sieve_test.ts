import fc from "fast-check";
import { encodeClientMessage, joined, partType, TokenSieve } from "../../proto/mod.ts";
import { assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";

function throughSieve(bytes: Uint8Array, cuts: readonly number[]): { sieve: TokenSieve; said: Uint8Array } {
  const sieve = new TokenSieve(), said: Uint8Array[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    said.push(sieve.push(bytes.subarray(from, to)));
    from = to;
  }
  return { sieve, said: joined(said) };
}

const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019._~-"), minLength: 1, maxLength: 300 });

Deno.test("TokenSieve takes the token out of a hello that is cut anywhere, and changes nothing else", () => {
  fc.assert(fc.property(
    token,
    fc.string({ maxLength: 20 }),
    fc.array(fc.nat(), { maxLength: 8 }),
    (token, session, cuts) => {
      const rest = encodeClientMessage({ kind: "ping", value: 7n });
      const before = joined([rest, encodeClientMessage(helloOf({ token, session, revision: 300 })), rest]);
      const { sieve, said } = throughSieve(before, cuts);
      assertEquals(sieve.token, token);
      const blotted = helloOf({ token: "*".repeat(token.length), session, revision: 300 });
      assertEquals(said, joined([rest, encodeClientMessage(blotted), rest]));
    },
  ));
});

Deno.test("TokenSieve takes the token out of an administrator's hello", () => {
  fc.assert(fc.property(token, fc.array(fc.nat(), { maxLength: 8 }), (token, cuts) => {
    const hello = (token: string) => encodeClientMessage({ kind: "admin_hello", version: 1, token });
    const { sieve, said } = throughSieve(hello(token), cuts);
    assertEquals(sieve.token, token);
    assertEquals([...said], [...hello("*".repeat(token.length))]);
  }));
});

Deno.test("TokenSieve takes the token out of a hello that comes in parts", () => {
  const hello = encodeClientMessage(helloOf({ token: "a secret" }));
  const payload = hello.subarray(5);
  const part = (isLast: number, bytes: Uint8Array) =>
    joined([Uint8Array.of(0, 0, 0, bytes.length + 3, partType, 5, isLast), bytes]);
  const { sieve, said } = throughSieve(
    joined([part(0, payload.subarray(0, 20)), part(1, payload.subarray(20))]),
    [],
  );
  assertEquals(sieve.token, "a secret");
  assertEquals(new TextDecoder().decode(said).includes("secret"), false);
});

Deno.test("TokenSieve lets any bytes through at their length, and breaks on none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 4 }), (bytes, cuts) => {
      assertEquals(throughSieve(bytes, cuts).said.length, bytes.length);
    }),
  );
});

Deno.test("TokenSieve passes a hello without a token as it is", () => {
  const bytes = encodeClientMessage(helloOf({}));
  const { sieve, said } = throughSieve(bytes, [3, 9]);
  assertEquals([sieve.token, [...said]], ["", [...bytes]]);
});
