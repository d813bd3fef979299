"""Breaks the contract of Extend: a batch whose inputs are no list."""

import requests

answer = requests.post(
    "https://api.extend.ai/workflow_runs/batch",
    headers={"Authorization": "Bearer sk_any", "x-extend-api-version": "2026-02-09"},
    json={"workflow": {"id": "workflow_purchase-orders-00001"}, "inputs": "invoice.pdf"},
)
print("status", answer.status_code)
