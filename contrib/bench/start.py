#!/usr/bin/env python3
"""Starts the daemon and prints the milliseconds from exec to READY=1: start.py REEVED FOLDER"""
import os
import socket
import subprocess
import sys
import time

reeved, folder = sys.argv[1:3]
os.makedirs(folder)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.bind(f"{folder}/notify")
    begin = time.monotonic()
    daemon = subprocess.Popen(
        [reeved, "--state-directory", f"{folder}/state", "--socket", f"{folder}/sock", "--log-level", "error"],
        env={"NOTIFY_SOCKET": f"{folder}/notify", "PATH": os.environ["PATH"]},
    )
    notify.settimeout(30)
    while b"READY=1" not in notify.recv(4096):
        pass
    took = time.monotonic() - begin
    daemon.terminate()
    daemon.wait(30)
print(round(took * 1000, 1))
