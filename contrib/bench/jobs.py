#!/usr/bin/env python3
"""APScheduler's side of `run tasks`: jobs.py memory|fill|stored COUNT FOLDER

`fill` puts so many jobs into an SQLite job store, none of them due, `stored` starts on that, and `memory` has them in
memory only. Then 1,000 are due in the same second: their lateness is that of the call of an empty function in a pool of
threads; no process is started, and nothing is recorded of a call. Prints what tasks.py prints.
"""
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

kind, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
now = datetime.now(timezone.utc)
lateness = []
done = threading.Event()


def job(number):
    pass


def due_job(due):
    lateness.append((time.time() - due) * 1000)
    if len(lateness) == 1000:
        done.set()


def say(name, value):
    print(f"{name}\t{value}", flush=True)


def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))



def add(scheduler, number):
    """As tasks-bench mixes them."""
    day = now + timedelta(days=3 + number % 360)
    time_of_day = {"hour": number // 60 % 24, "minute": number % 60}
    options = {"args": [number], "id": f"task-{number}", "misfire_grace_time": None}
    if number % 10 < 6:
        month = day.month if day.day <= 28 else day.month % 12 + 1
        scheduler.add_job(job, "cron", month=month, day=min(day.day, 28), **time_of_day, **options)
    elif number % 10 < 8:
        scheduler.add_job(job, "interval", days=30 + number % 970, **options)
    elif number % 10 == 8:
        scheduler.add_job(job, "cron", day=(now.day + 3 + number // 10 % 20) % 28 + 1, **time_of_day, **options)
    else:
        scheduler.add_job(job, "date", run_date=now + timedelta(days=2 + number % 700), **options)


before = resident()
store = MemoryJobStore() if kind == "memory" else SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.sqlite")
scheduler = BackgroundScheduler(
    jobstores={"default": store}, executors={"default": ThreadPoolExecutor(16)}, timezone=timezone.utc
)
begin = time.perf_counter()
if kind != "stored":
    scheduler.start(paused=True)
    for number in range(count):
        add(scheduler, number)
    say("fill s", round(time.perf_counter() - begin, 2))
    if kind == "fill":
        scheduler.shutdown()
        sys.exit()
    scheduler.resume()
else:
    scheduler.start()
    # The first look at what is due is the scheduler's own thread's: this waits for it.
    with scheduler._jobstores_lock:
        pass
    say("start ms", round((time.perf_counter() - begin) * 1000, 1))
time.sleep(2)
say("KiB", resident() - before)
due = int(time.time() + 6 + (20 if kind == "stored" else 0))
for number in range(1000):
    scheduler.add_job(
        due_job, "date", run_date=datetime.fromtimestamp(due, timezone.utc), args=[due], misfire_grace_time=None
    )
if time.time() > due - 0.5:
    sys.exit("the machine is too slow to add 1,000 jobs in time")
done.wait(300)
lateness.sort()
say("calls", len(lateness))
say("p50 ms", round(lateness[len(lateness) // 2], 1))
say("p99 ms", round(lateness[int(len(lateness) * 0.99)], 1))
scheduler.shutdown(wait=False)
