"""Leads programs that know no proxy to the intercepting port, under `mockserver run`."""

from pathlib import Path

PYTHON = Path(__file__).parent / "python"
"""Goes to the front of PYTHONPATH."""
NODE = Path(__file__).parent / "node.cjs"
"""Goes into NODE_OPTIONS as --require."""
VARIABLE = "MOCKSERVER_REDIRECT"
"""What both read: `{"hosts", "address", "port", "allow", "passthrough"}` as JSON."""
