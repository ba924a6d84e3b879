#!/usr/bin/env python3
"""A webhook receiver for reeve's events: standard library only, to read and to start from.

    receiver.py PORT [--secret whsec_…] [--log FILE]

It checks the signature as Standard Webhooks prescribes, of a shared secret (v1, HMAC-SHA256), drops repeats by the id of
each change, checks the order within each lane, and prints one line for each event. Every accepted event is appended to
FILE, one JSON text a line.
"""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time

TOLERANCE = 5 * 60  # seconds that a signature is good for


class Receiver:
    def __init__(self, secret, log):
        self.key = base64.b64decode(secret.removeprefix("whsec_")) if secret else None
        self.log = log
        self.lock = threading.Lock()  # lanes come on connections of their own, at once
        self.seen = set()  # ids of changes: a receiver that lasts keeps them in its database
        self.last = {}  # the last sequence of each lane

    def refusal(self, headers, body):
        """Why a request is not to be believed; None if it is."""
        if self.key is None:
            return None
        sent = headers.get("webhook-timestamp", "")
        if not sent.isdigit() or abs(time.time() - int(sent)) > TOLERANCE:
            return "the timestamp is too far away"
        text = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(self.key, text, hashlib.sha256).digest()).decode()
        given = headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(wanted, one) for one in given):
            return "the signature is wrong"
        return None

    def take(self, event):
        with self.lock:
            self.note(event)

    def note(self, event):
        data = event.get("data") or {}
        changes = data.get("changes") if isinstance(data, dict) else None
        ids = [change["id"] for change in changes] if changes else [event["id"]]
        new = [one for one in ids if one not in self.seen]
        if not new:
            self.say(event, "again, dropped")
            return
        self.seen.update(new)
        lane, previous = event["lane"], event["previous"]
        last = self.last.get(lane)
        gap = "" if last is None or previous <= last else "  (something before it is missing)"
        self.last[lane] = max(last or "", event["sequence"])
        if self.log:
            print(json.dumps(event), file=self.log, flush=True)
        self.say(event, (data.get("summary") if isinstance(data, dict) else None) or json.dumps(data), gap)

    @staticmethod
    def say(event, text, note=""):
        print(f"  received  {event['sequence'].lstrip('0'):>4}  {event['type']:<28}  {text}{note}", flush=True)


def handler(receiver):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            refusal = receiver.refusal(self.headers, body)
            if refusal:
                print(f"  refused: {refusal}", file=sys.stderr, flush=True)
                self.answer(401)
                return
            receiver.take(json.loads(body))
            self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description="Receives reeve's events.")
    parser.add_argument("port", type=int)
    parser.add_argument("--secret", help="the endpoint's key, whsec_…")
    parser.add_argument("--log", type=argparse.FileType("a"), help="append each event here")
    arguments = parser.parse_args()
    receiver = Receiver(arguments.secret, arguments.log)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), handler(receiver))
    print(f"  receiver listens on 127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
