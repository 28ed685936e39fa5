// A webhook receiver: node receiver.mjs [PORT] [SECRET]; the secret also as WEBHOOK_SECRET.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const port = Number(process.argv[2] ?? 9000);
const secret = process.argv[3] ?? process.env.WEBHOOK_SECRET;
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const seen = new Set(); // Yours belongs in your database, in the same transaction as what the event changes.

function genuine(headers, body) {
  const { "webhook-id": id = "", "webhook-timestamp": stamp = "", "webhook-signature": sent = "" } = headers;
  if (!/^[0-9]+$/.test(stamp) || Math.abs(Date.now() / 1000 - Number(stamp)) > 300) return false;
  const mac = createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64");
  const wanted = Buffer.from(`v1,${mac}`);
  const same = (one) => one.length === wanted.length && timingSafeEqual(one, wanted);
  return sent.split(" ").some((one) => same(Buffer.from(one)));
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const good = request.method === "POST" && genuine(request.headers, body);
  if (good && !seen.has(request.headers["webhook-id"])) {
    seen.add(request.headers["webhook-id"]);
    const event = JSON.parse(body);
    console.log(event.id, event.type, event.sequence);
  }
  response.writeHead(good ? 204 : 400).end();
}).listen(port, "127.0.0.1");
