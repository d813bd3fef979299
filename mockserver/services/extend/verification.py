"""What a verify run would have found: a risk, and the signals that speak for it."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.sandbox import Sandbox
from mockserver.services.extend.wire import Document, derived_tail

_SIGNALS = (
    ("REVISION_AND_PRODUCTION_HISTORY", "The document was saved again after it was issued."),
    ("FINANCIAL_RECONCILIATION_AND_SEQUENCE_CONTINUITY", "The amounts do not add up."),
    ("IMAGE_FORENSIC_INCONSISTENCIES", "One region was compressed differently from the rest."),
)
_RISKS = ("LOW", "LOW", "LOW", "MEDIUM", "HIGH")
VERIFIABLE = frozenset({"pdf", "jpg", "jpeg", "png", "webp"})
"""Endings of the files that can be verified; others are refused."""


def risk(sandbox: Sandbox, run_id: str) -> str:
    """How likely the document is forged."""
    return _RISKS[sandbox.ids.derived("extend.risk", run_id) % len(_RISKS)]


def output(sandbox: Sandbox, run: Mapping[str, Any]) -> Document:
    """Risk, summary and signals; a document of low risk has none."""
    level = risk(sandbox, run["id"])
    count = {"LOW": 0, "MEDIUM": 1, "HIGH": 3}[level]
    signals = [
        {
            "id": f"signal_{derived_tail(sandbox.ids, 'extend.signals', run['id'], number)}",
            "type": type_,
            "riskAssessment": {"type": "LEVEL", "level": level},
            "summary": summary,
            "evidence": [
                {
                    "type": "history",
                    "evidenceId": f"evidence_{number}",
                    "data": {"events": [{"code": "MODIFIED"}]},
                    "locations": [],
                }
            ],
        }
        for number, (type_, summary) in enumerate(_SIGNALS[:count], 1)
    ]
    words = (
        "No signs of forgery were found." if not signals else f"{len(signals)} signs of forgery."
    )
    return {"riskLevel": level, "summary": words, "signals": signals}
