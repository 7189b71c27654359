/**
 * A certificate that nobody vouches for, to try TLS with.
 *
 * @module
 */

import { generate } from "selfsigned";

/** How names and addresses are told apart in a certificate. */
const dnsName = 2, ipAddress = 7;

/** A certificate for a host and this machine, and its private key, as PEM. */
export async function selfSignedFor(host: string): Promise<{ readonly cert: string; readonly key: string }> {
  const names = new Set(["localhost", host]);
  const isAddress = (name: string) => /^[\d.]+$/.test(name) || name.includes(":");
  const { cert, private: key } = await generate(
    [{ name: "commonName", value: host }],
    {
      keyType: "ec",
      algorithm: "sha256",
      extensions: [{
        name: "subjectAltName",
        altNames: [
          { type: ipAddress, ip: "127.0.0.1" },
          { type: ipAddress, ip: "::1" },
          ...[...names].map((name) =>
            isAddress(name) ? { type: ipAddress, ip: name } : { type: dnsName, value: name }
          ),
        ],
      }],
    } as Parameters<typeof generate>[1],
  );
  return { cert, key };
}
