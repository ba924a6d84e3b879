#!/usr/bin/env python3
"""Measures an agent with many runs and many readers: crowd.py SOCKET PID

Prints a line for each figure: its name, a tab, its value.
"""
import sys
import threading
import time

from client import Client, processor_seconds, status, switches, switches_since

path, pid = sys.argv[1], int(sys.argv[2])
sleeping, followers = 1000, 100
client = Client(path)


def say(name, value):
    print(f"{name}\t{value}", flush=True)


def put(task, *command):
    client.call("task.put", {"task": {"id": task, "command": list(command), "overlap": "allow"}})


def run_to_end(task):
    client.call("run.wait", {"run": client.call("task.run", {"task": task})["run"], "deadline": "1h"})


def peak_from_now():
    """Memory's high-water mark begins anew (proc(5), clear_refs)."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def sleeps():
    put("sleep", "/bin/sleep", "3600")
    client.call("group.put", {"group": {"name": "*", "limit": sleeping}})
    seen = Client(path)
    seen.call("event.subscribe", {"type": "dev.reeve.run.running"})
    runs = [client.call("task.run", {"task": "sleep"})["run"] for _ in range(sleeping)]
    for _ in runs:
        seen.message()
    time.sleep(5)
    say("sleeps RssAnon KiB", status(pid, "RssAnon"))
    say("sleeps VmRSS KiB", status(pid, "VmRSS"))
    before = switches(pid)
    used = processor_seconds(pid)
    time.sleep(10)
    say("sleeps context switches in 10 s", switches_since(pid, before))
    say("sleeps processor s in 10 s", round(processor_seconds(pid) - used, 2))
    ended = Client(path)
    ended.call("event.subscribe", {"type": "dev.reeve.run.canceled"})
    for run in runs:
        client.call("run.stop", {"run": run})
    # Not by run.wait: of runs that have stopped the last hundred are kept.
    for _ in runs:
        ended.message()
    client.call("group.put", {"group": {"name": "*"}})


def writer():
    put("writer", "/usr/bin/head", "-c", "1G", "/dev/zero")
    run_to_end("writer")
    before = status(pid, "VmRSS")
    peak_from_now()
    run_to_end("writer")
    say("writer of 1 GiB, growth KiB", status(pid, "VmHWM") - before)


def follow(run, counts):
    reader = Client(path)
    reader.call("run.follow", {"run": run, "encoding": "base64"})
    count = 0
    while (message := reader.message()) is not None:
        count += len(message["item"].get("data", ""))
    counts.append(count)


def following():
    """What the agent uses for one who follows 8 MiB, for many, and for nobody."""
    put("lines", "/bin/sh", "-c", "sleep 3; exec head -c 8M /dev/zero")
    for readers in (0, 1, followers):
        run = client.call("task.run", {"task": "lines"})["run"]
        counts = []
        threads = [threading.Thread(target=follow, args=(run, counts)) for _ in range(readers)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        used, before = processor_seconds(pid), status(pid, "VmRSS")
        peak_from_now()
        for thread in threads:
            thread.join()
        client.call("run.wait", {"run": run, "deadline": "1h"})
        if len(set(counts)) > 1 or (counts and counts[0] < 8 << 20):
            sys.exit(f"not all was followed: {set(counts)}")
        say(f"{readers} followers processor s", round(processor_seconds(pid) - used, 2))
        say(f"{readers} followers growth KiB", status(pid, "VmHWM") - before)


sleeps()
writer()
following()
