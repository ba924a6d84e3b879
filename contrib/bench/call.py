#!/usr/bin/env python3
"""Sends one JSON-RPC request and prints the answer: call.py SOCKET REQUEST"""
import socket
import sys

with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(10)
    client.connect(sys.argv[1])
    client.sendall(sys.argv[2].encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        piece = client.recv(65536)
        if not piece:
            break
        answer += piece
print(answer.decode(), end="")
