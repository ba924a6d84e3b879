"""A client of reeve's socket for the benchmarks, and what the kernel says of a process."""
import json
import os
import socket
import sys


class Client:
    """One connection; requests are answered in order."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def call(self, method, params=None):
        self.send({"id": 1, "method": method, "params": params or {}})
        return self.answer()

    def send(self, *requests):
        texts = (json.dumps({"jsonrpc": "2.0", **request}) for request in requests)
        self.socket.sendall("".join(f"{text}\n" for text in texts).encode())

    def answer(self):
        answer = json.loads(self.file.readline())
        if "error" in answer:
            sys.exit(f"the agent says {answer['error']}")
        return answer["result"]

    def message(self):
        """The next line of a subscription; `None` at its end."""
        line = self.file.readline()
        return None if not line or b'"subscription.end"' in line else json.loads(line)["params"]


def status(pid, name):
    """A number from /proc/PID/status: memory in KiB."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))


def switches(pid):
    """Context switches by thread; one that is new in a second look counts whole."""
    counts = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as lines:
            counts[thread] = sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return counts


def switches_since(pid, before):
    return sum(count - before.get(thread, 0) for thread, count in switches(pid).items())


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
