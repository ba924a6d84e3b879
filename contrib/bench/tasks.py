#!/usr/bin/env python3
"""Starts the daemon on a state directory with many tasks and measures it: tasks.py REEVED FOLDER DUE_IN_A_MINUTE

Prints a line for each figure: its name, a tab, its value.
"""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from client import Client, status, switches, switches_since

reeved, folder, per_minute = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = f"file:{folder}/state/reeve.db"
path = f"{folder}/sock"


def say(name, value):
    print(f"{name}\t{value}", flush=True)


class Daemon:
    """Started; `ready` is the milliseconds from exec to READY=1."""

    def __init__(self):
        notify_path = f"{folder}/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(notify_path)
            self.begin = time.monotonic()
            self.process = subprocess.Popen(
                [reeved, "--state-directory", f"{folder}/state", "--socket", path, "--log-level", "error"],
                env={"NOTIFY_SOCKET": notify_path, "PATH": os.environ["PATH"]},
            )
            notify.settimeout(600)
            try:
                while b"READY=1" not in notify.recv(4096):
                    pass
            except BaseException:
                self.process.kill()
                raise
            self.ready = (time.monotonic() - self.begin) * 1000
        os.unlink(notify_path)
        self.pid = self.process.pid

    def waits(self):
        """Milliseconds from exec until the scheduler has settled everything and waits for what is due next."""
        client = Client(path)
        while "next" not in client.call("engine.report")["manifolds"]["scheduler"].get("report", {}):
            time.sleep(0.005)
        return (time.monotonic() - self.begin) * 1000

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


def query(sql, *values):
    connection = sqlite3.connect(f"{database}?mode=ro", uri=True)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def text(milliseconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{whole}.{milliseconds % 1000:03}Z"


def schedule(due, kind):
    """Once at that time, or each year."""
    if kind == "at":
        return {"at": text(due)}
    at = time.gmtime(due // 1000)
    return {"cron": f"{at.tm_sec} {at.tm_min} {at.tm_hour} {at.tm_mday} {at.tm_mon} *", "timeZone": "UTC"}


def put(prefix, dues, kind, connections=4, deep=64):
    """Puts a task for each due time, over several connections with so many requests on the way."""

    def work(share):
        client = Client(path)
        for first in range(0, len(share), deep):
            piece = share[first : first + deep]
            client.send(
                *(
                    {
                        "id": number,
                        "method": "task.put",
                        "params": {
                            "task": {
                                "id": f"{prefix}-{number}",
                                "schedule": schedule(due, kind),
                                "command": ["/bin/true"],
                            }
                        },
                    }
                    for number, due in piece
                )
            )
            for _ in piece:
                client.answer()

    numbered = list(enumerate(dues))
    threads = [threading.Thread(target=work, args=(numbered[index::connections],)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Watcher(threading.Thread):
    """Sees runs become pending as any client does: when their change, which is on disk by then, arrives."""

    def __init__(self, count):
        super().__init__(daemon=True)
        self.client = Client(path)
        self.client.call("event.subscribe", {"type": "dev.reeve.run.pending"})
        self.count = count
        self.seen = []
        self.start()

    def run(self):
        while len(self.seen) < self.count:
            line = self.client.file.readline()
            if not line or b"subscription.end" in line:
                return
            self.seen.append((time.time() * 1000, line))

    def lateness(self, dues):
        late = []
        for at, line in self.seen:
            prefix, _, number = json.loads(line)["params"]["item"]["subject"].rpartition("-")
            late.append(at - dues[int(number)])
        return late


def in_one_second(name, kind):
    due = int(time.time() + 6) * 1000
    dues = [due] * 1000
    watcher = Watcher(len(dues))
    put(name, dues, kind)
    if time.time() * 1000 > due - 1000:
        sys.exit("the machine is too slow to put 1,000 tasks in 5 s")
    watcher.join(60)
    recorded = [late for late, in query("SELECT createdAt - due FROM runs WHERE task LIKE ?", f"{name}-%")]
    wait_until_stopped()
    return recorded, watcher.lateness(dues)


def wait_until_stopped():
    while query("SELECT count(*) FROM runs WHERE status <> 'stopped'") != [(0,)]:
        time.sleep(0.1)


def unplanned():
    return query("SELECT count(*) FROM tasks WHERE removed = 0 AND plannedRevision IS NOT revision")[0][0]


def main():
    # The first start: none of the tasks is planned yet.
    daemon = Daemon()
    say("first ready ms", round(daemon.ready))
    say("first settled ms", round(daemon.waits()))
    say("left unplanned", unplanned())
    daemon.stop()

    # A start after a start of the host: every task is looked at for whether it is due by that.
    connection = sqlite3.connect(database, uri=True)
    connection.execute("UPDATE meta SET value = 'another' WHERE key = 'lastBoot'")
    connection.commit()
    connection.close()
    daemon = Daemon()
    say("boot ready ms", round(daemon.ready))
    say("boot settled ms", round(daemon.waits()))
    daemon.stop()

    starts = []
    for _ in range(3):
        daemon = Daemon()
        starts.append((daemon.ready, daemon.waits()))
        if len(starts) < 3:
            daemon.stop()
    say("ready ms", round(percentile([ready for ready, _ in starts], 0.5), 1))
    say("settled ms", round(percentile([settled for _, settled in starts], 0.5), 1))

    time.sleep(5)
    say("idle RssAnon KiB", status(daemon.pid, "RssAnon"))
    say("idle VmRSS KiB", status(daemon.pid, "VmRSS"))
    say("start VmHWM KiB", status(daemon.pid, "VmHWM"))
    before = switches(daemon.pid)
    time.sleep(10)
    say("context switches in 10 s", switches_since(daemon.pid, before))

    client = Client(path)
    begin = time.monotonic()
    client.call("agent.status")
    say("agent.status ms", round((time.monotonic() - begin) * 1000, 1))

    for kind in ("cron", "at"):
        rounds = [in_one_second(f"{kind}{number}", kind) for number in range(3)]
        for name, index in (("recorded", 0), ("seen", 1)):
            for share in (50, 99):
                values = [percentile(each[index], share / 100) for each in rounds]
                say(f"1000 {kind} {name} p{share} ms", round(percentile(values, 0.5), 1))
        if min(len(each[1]) for each in rounds) < 1000:
            sys.exit("not all runs were seen")

    if per_minute:
        begin = int(time.time() + 20 + per_minute / 2000) * 1000
        dues = [begin + number % 60 * 1000 for number in range(per_minute)]
        watcher = Watcher(per_minute)
        started = time.monotonic()
        put("minute", dues, "cron")
        say("puts per second", round(per_minute / (time.monotonic() - started)))
        if time.time() * 1000 > begin:
            sys.exit("the machine is too slow to put the tasks of one minute")
        time.sleep(max(0, begin / 1000 + 61 - time.time()))
        wait_until_stopped()
        last = query("SELECT max(createdAt), count(*) FROM runs WHERE task LIKE 'minute-%'")[0]
        stopped = query("SELECT max(record ->> 'stoppedAt') FROM runs WHERE task LIKE 'minute-%'")[0][0]
        late = [late for late, in query("SELECT createdAt - due FROM runs WHERE task LIKE 'minute-%'")]
        say("minute runs", last[1])
        say("minute admitted s", (last[0] - begin) / 1000)
        say("minute lateness p50 ms", percentile(late, 0.5))
        say("minute lateness p99 ms", percentile(late, 0.99))
        say("minute last run stopped", f"{stopped} (the first was due {text(begin)})")
        say("peak VmHWM KiB", status(daemon.pid, "VmHWM"))
    daemon.stop()


if __name__ == "__main__":
    main()
