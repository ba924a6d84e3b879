#!/usr/bin/env python3
"""Gives an agent events of a hundred lanes, and an endpoint for them: deliver.py SOCKET PORT MARK COUNT WHEN

The endpoint is there `before` them, or comes `after` them and begins with the oldest.
"""
import sys

from client import Client

path, port, mark, count, when = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
client = Client(path)
piece = 1000


def publish():
    for first in range(0, count, piece):
        events = [
            {"type": "com.example.order", "subject": f"order-{number % 100}", "data": {"text": f"{mark} {number:08} {'x' * 64}"}}
            for number in range(first, min(first + piece, count))
        ]
        client.call("event.publish", {"events": events})


def put():
    client.call(
        "endpoint.put",
        {
            "endpoint": {
                "name": "sink",
                "kind": "webhook",
                "url": f"http://127.0.0.1:{port}/",
                "batch": {"events": 100, "bytes": "1MiB"},
                "from": "oldest",
            }
        },
    )


for step in (put, publish) if when == "before" else (publish, put):
    step()
