"""The contract report: what clients called and broke, for people, programs and test runners."""

from mockserver.report.gathering import FAILURES, gather, is_broken
from mockserver.report.table import as_table

__all__ = ["FAILURES", "as_table", "gather", "is_broken"]
