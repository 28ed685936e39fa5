"""A webhook receiver: python3 receiver.py [PORT] [SECRET]; the secret also as WEBHOOK_SECRET."""
import base64, hashlib, hmac, json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT, SECRET = (sys.argv[1:] + ["9000", os.environ.get("WEBHOOK_SECRET", "")][len(sys.argv) - 1:])[:2]
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
SEEN = set()  # Yours belongs in your database, in the same transaction as what the event changes.

def genuine(body, event, stamp, sent):
    mac = hmac.new(KEY, f"{event}.{stamp}.".encode() + body, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(mac)
    fresh = stamp.isdecimal() and abs(time.time() - int(stamp)) < 300
    return fresh and any([hmac.compare_digest(wanted, one.encode()) for one in sent.split(" ")])

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        event, stamp, sent = [self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
        good = genuine(body, event, stamp, sent)
        if good and event not in SEEN:
            SEEN.add(event)
            print(event, json.loads(body)["type"], json.loads(body)["sequence"], flush=True)
        self.send_response(204 if good else 400)
        self.end_headers()

HTTPServer(("127.0.0.1", int(PORT)), Receiver).serve_forever()
