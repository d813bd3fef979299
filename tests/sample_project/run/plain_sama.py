"""Uploads a batch of tasks with the official client of Sama, and lists what became of it."""

from sama import Client

client = Client("any-key")
batch = client.create_task_batch(
    "117", [{"url": f"https://example.com/{number}.jpg", "name": "cat"} for number in range(3)]
)
print("batch", batch["batch_id"])
print("project", client.get_project_information("117")["name"])
