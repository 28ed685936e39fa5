"""Reads messages as JSON lines and says of each whether another hand's code takes it: "v1" by the
official library, "v1a" by the package cryptography, because the library does not know it."""
import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def edwards(key, headers, body):
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    for one in headers["webhook-signature"].split(" "):
        try:
            if one.startswith("v1a,"):
                public.verify(base64.b64decode(one[4:]), signed)
                return True
        except InvalidSignature:
            pass
    return False


def official(key, headers, body):
    try:
        Webhook(key).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


for line in sys.stdin:
    message = json.loads(line)
    judge = edwards if message["key"].startswith("whpk_") else official
    taken = judge(message["key"], message["headers"], message["body"])
    print("taken" if taken else "refused", flush=True)
