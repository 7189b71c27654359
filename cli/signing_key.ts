/**
 * The key that `--sign` signs with: a file with an Ed25519 secret key, 64 hexadecimal digits, that nobody else may read.
 * It is made when it is first asked for.
 *
 * @module
 */

import { Signer, toHex } from "../proto/mod.ts";
import type { SpaceOptions } from "../mod.ts";
import { harmless } from "./client_words.ts";
import { wrongUsage } from "./command.ts";

const keyBytes = 32;

/** A key that cannot be used, with a sentence. */
class SigningKeyError extends Error {
  override readonly name = "SigningKeyError";
}

/** What `--sign` was given: a file, or true for the usual one. */
type Sign = string | true | undefined;

/** How `--sign` is described; what follows it is taken for the file. */
export const signOption = [
  "--sign [keyfile]",
  "sign what you change, with this key; it is made if it is not there (default: signing.key among your settings)",
] as const;

/**
 * What to open a workspace with, so that changes are signed if that was asked for. A key that is made is told on
 * standard error, and so is why one cannot be used: then the command ends.
 */
export function signing(sign: Sign): Pick<SpaceOptions, "sign"> {
  if (sign === undefined) return {};
  try {
    return { sign: { secretKey: keyIn(sign === true ? usualFile() : sign) } };
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    console.error(error.message);
    Deno.exit(wrongUsage);
  }
}

function keyIn(file: string): Uint8Array {
  try {
    return read(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw problemWith(file, error);
  }
  // An address there is what was meant for something else.
  if (/:\d+$/.test(file)) {
    throw new SigningKeyError(`"${harmless(file)}" is an address, and no file: put --sign behind it.`);
  }
  try {
    return make(file);
  } catch (error) {
    throw problemWith(file, error);
  }
}

function read(file: string): Uint8Array {
  const digits = Deno.readTextFileSync(file).trim();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new SigningKeyError(`${harmless(file)} holds no key to sign with, which is 64 hexadecimal digits.`);
  }
  const { mode } = Deno.statSync(file);
  if (mode !== null && Deno.build.os !== "windows" && (mode & 0o077) !== 0) {
    throw new SigningKeyError(`Others can read ${harmless(file)}: take that from them, with chmod 600.`);
  }
  return Uint8Array.fromHex(digits);
}

function make(file: string): Uint8Array {
  const folder = file.replace(/[^/\\]*$/, "");
  if (folder !== "") Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = crypto.getRandomValues(new Uint8Array(keyBytes)), digits = toHex(key);
  Deno.writeTextFileSync(file, `${digits}\n`, { createNew: true, mode: 0o600 });
  console.error(`Made a key to sign with, in ${harmless(file)}. Its public key is ${new Signer(digits).key}`);
  return key;
}

function problemWith(file: string, error: unknown): SigningKeyError {
  if (error instanceof SigningKeyError) return error;
  return new SigningKeyError(
    `Cannot use the key ${harmless(file)}: ${error instanceof Error ? error.message : error}`,
  );
}

/** Where the settings of this user are. */
function usualFile(): string {
  const { get } = Deno.env;
  const home = get("HOME") ?? get("USERPROFILE");
  const settings = get("XDG_CONFIG_HOME") ?? get("APPDATA") ??
    (home === undefined ? undefined : `${home}/.config`);
  if (settings === undefined) {
    throw new SigningKeyError("There is no home folder to keep a key in: say which file, --sign FILE.");
  }
  return `${settings}/dist-space/signing.key`;
}
