#!/usr/bin/env python3
"""Runs /bin/true as often as told, so many at once, and prints runs per second: runs.py SOCKET COUNT AT_ONCE

Each run is asked for, recorded, carried through and waited for: task.run of a task that may overlap, then run.wait.
"""
import sys
import threading
import time

from client import Client

path, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def work(share):
    client = Client(path)
    for _ in range(share):
        run = client.call("task.run", {"task": "true"})["run"]
        outcome = client.call("run.wait", {"run": run})["run"]["outcome"]
        if outcome != "succeeded":
            sys.exit(f"a run {outcome}")


Client(path).call("task.put", {"task": {"id": "true", "command": ["/bin/true"], "overlap": "allow"}})
threads = [threading.Thread(target=work, args=(count // at_once,)) for _ in range(at_once)]
begin = time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(count // at_once * at_once / (time.monotonic() - begin))
