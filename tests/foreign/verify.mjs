// Reads messages as JSON lines and says of each whether another hand's code takes it: "v1" by the
// official library, "v1a" by the runtime's own Ed25519, which the library does not know.
import { createPublicKey, verify } from "node:crypto";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(process.env.STANDARD_WEBHOOKS + "/");
const { Webhook } = require("standardwebhooks");

function edwards({ key, headers, body }) {
  const raw = Buffer.from(key.replace("whpk_", ""), "base64").toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw }, format: "jwk" });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  return headers["webhook-signature"].split(" ").some((one) =>
    one.startsWith("v1a,") && verify(null, signed, publicKey, Buffer.from(one.slice(4), "base64")));
}

function official({ key, headers, body }) {
  try { new Webhook(key).verify(body, headers); return true; } catch { return false; }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const taken = message.key.startsWith("whpk_") ? edwards(message) : official(message);
  console.log(taken ? "taken" : "refused");
}
