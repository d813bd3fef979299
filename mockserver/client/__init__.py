"""A running server's control API for Python programs: its sandboxes, and what each one holds."""

from mockserver.client.connection import Refused, Unreachable
from mockserver.client.parts import Clock, Faults, Inbox, Requests, Snapshots, line
from mockserver.client.sandbox import Sandbox, Server

__all__ = [
    "Clock",
    "Faults",
    "Inbox",
    "Refused",
    "Requests",
    "Sandbox",
    "Server",
    "Snapshots",
    "Unreachable",
    "line",
]
