#!/usr/bin/env python3
"""Gives syslog-ng as many messages as are wanted, over TCP: syslog.py PORT MARK COUNT"""
import socket
import sys

port, mark, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with socket.create_connection(("127.0.0.1", port)) as connection:
    for first in range(0, count, 1000):
        lines = (f"{mark} {number:08} {'x' * 64}\n" for number in range(first, min(first + 1000, count)))
        connection.sendall("".join(lines).encode())
