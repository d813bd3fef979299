"""The contract report: what clients called and broke, for people, programs and test runners."""

from mockserver.report.gathering import FAILURES, gather, is_broken
from mockserver.report.junit import as_junit
from mockserver.report.page import as_page
from mockserver.report.table import as_table

__all__ = ["FAILURES", "as_junit", "as_page", "as_table", "gather", "is_broken"]
