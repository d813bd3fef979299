"""Uploads a file with the official client of Extend and runs a workflow on it."""

from extend_ai import Extend
from extend_ai.types import FileFromId

client = Extend(token="sk_any")
file = client.files.upload(file=("invoice.txt", b"Total: 12.50", "text/plain"))
run = client.workflow_runs.create(
    workflow={"id": "workflow_purchase-orders-00001"}, file=FileFromId(id=file.id)
)
print("run", run.object)
