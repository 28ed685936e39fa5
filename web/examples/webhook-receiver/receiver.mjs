// A webhook receiver: node receiver.mjs [PORT] [SECRET]; the secret also as WEBHOOK_SECRET.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const [port = "9000", secret = process.env.WEBHOOK_SECRET] = process.argv.slice(2);
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const seen = new Set(); // Yours belongs in your database, in the same transaction as what the event changes.

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const [id, stamp, sent] = ["id", "timestamp", "signature"].map((name) => request.headers[`webhook-${name}`] ?? "");
  const mac = createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
  const wanted = Buffer.from(`v1,${mac}`);
  const same = (one) => one.length === wanted.length && timingSafeEqual(one, wanted);
  const fresh = /^[0-9]+$/.test(stamp) && Math.abs(Date.now() / 1000 - Number(stamp)) < 300;
  const good = fresh && sent.split(" ").some((one) => same(Buffer.from(one)));
  if (good && !seen.has(id)) {
    seen.add(id);
    console.log(id, JSON.parse(body).type, JSON.parse(body).sequence);
  }
  response.writeHead(good ? 204 : 400).end();
}).listen(Number(port), "127.0.0.1");
