#!/usr/bin/env python3
"""Runs /bin/true as often as told, so many at once, and prints runs per second: runs.py SOCKET COUNT AT_ONCE

Each run is asked for, recorded, carried through and waited for: task.run of a task that may overlap, then run.wait.
"""
import json
import socket
import sys
import threading
import time

path, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Client:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def call(self, method, params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.file.readline())
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]


def work(share):
    client = Client()
    for _ in range(share):
        run = client.call("task.run", {"task": "true"})["run"]
        outcome = client.call("run.wait", {"run": run})["run"]["outcome"]
        if outcome != "succeeded":
            sys.exit(f"a run {outcome}")


Client().call("task.put", {"task": {"id": "true", "command": ["/bin/true"], "overlap": "allow"}})
threads = [threading.Thread(target=work, args=(count // at_once,)) for _ in range(at_once)]
begin = time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(count // at_once * at_once / (time.monotonic() - begin))
