#!/usr/bin/env python3
"""croniter's side of `run cron`: cron.py SET COUNT ROUNDS; prints what cron-bench prints."""
import statistics
import sys
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

path, count, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(path) as file:
    lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and line[0] not in "#~"]
starts = {zone: datetime(2026, 1, 1, tzinfo=timezone.utc).astimezone(ZoneInfo(zone)) for zone, _ in lines}


END = 4_102_272_000  # 2099-12-30T00:00:00Z: both end before the last year is over anywhere


def walk(cron):
    found = []
    while len(found) < count and (second := cron.get_next(float)) < END:
        found.append(int(second))
    return found


def next_per_second():
    crons = [croniter(text, starts[zone]) for zone, text in lines]
    begin = time.perf_counter()
    total = sum(len(walk(cron)) for cron in crons)
    return total / (time.perf_counter() - begin)


def parsed_per_second():
    repeats = max(1, count // 100)
    begin = time.perf_counter()
    for _ in range(repeats):
        for zone, text in lines:
            croniter(text, starts[zone]).get_next(float)
    return repeats * len(lines) / (time.perf_counter() - begin)


def checksum(found):
    value = len(found)
    for second in found:
        value = (value * 1_000_003 + second) % (2**31 - 1)
    return value


print("next", statistics.median(next_per_second() for _ in range(rounds)))
print("parse", statistics.median(parsed_per_second() for _ in range(rounds)))
for zone, text in lines:
    found = walk(croniter(text, starts[zone]))
    print(checksum(found), found[-1])
