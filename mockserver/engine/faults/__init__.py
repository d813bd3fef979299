"""Failures on purpose: the kinds of fault, the rules that say when, and the decisions taken."""

from mockserver.engine.faults.decisions import Decision
from mockserver.engine.faults.faults import COLLECTION, INDEXES, Faults
from mockserver.engine.faults.kinds import KINDS
from mockserver.engine.faults.rule import Known, Rule

__all__ = ["COLLECTION", "INDEXES", "KINDS", "Decision", "Faults", "Known", "Rule"]
