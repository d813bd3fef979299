// What a script does with the npm SDK: prints what it saw as JSON, for the tests to judge.
// Usage: node scenarios.mjs URL
import { createReadStream, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExtendClient, ExtendError } from "extend-ai";

const [url] = process.argv.slice(2);
const client = new ExtendClient({ token: "sk_test_1", baseUrl: `${url}/extend` });
const workflow = { id: "workflow_purchase-orders-00001" };
const seen = {};

const inputsOf = (count) =>
  Array.from({ length: count }, (_, n) => ({
    file: { url: `https://files.example.com/po-${n}.pdf` },
    metadata: { n },
  }));
const refusal = async (method) => {
  try {
    return { answer: await method() };
  } catch (error) {
    return { known: error instanceof ExtendError, status: error.statusCode, body: error.body };
  }
};
const walk = async (list, query) => {
  const ids = [];
  let nextPageToken;
  do {
    const page = await list({ ...query, ...(nextPageToken ? { nextPageToken } : {}) });
    ids.push(...page.data.map((each) => each.id));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken);
  return ids;
};

const endpoint = await client.webhookEndpoints.create({
  url: `${url}/__inbox/node`,
  name: "node",
  enabledEvents: [],
  apiVersion: "2026-02-09",
});
await client.webhookSubscriptions.create({
  webhookEndpointId: endpoint.id,
  resourceType: "workflow",
  resourceId: workflow.id,
  enabledEvents: ["workflow_run.completed", "workflow_run.step_run.processed"],
});

seen.batch = await client.workflowRuns.createBatch({ workflow, inputs: inputsOf(20) });
const { batchId } = seen.batch;
seen.visible = (await client.workflowRuns.list({ batchId, maxPageSize: 100 })).data.length;
let runs;
do {
  runs = (await client.workflowRuns.list({ batchId, maxPageSize: 100 })).data;
} while (runs.some((run) => run.status === "PENDING" || run.status === "PROCESSING"));
seen.statuses = [...new Set(runs.map((run) => run.status))];
const polled = await client.workflowRuns.createAndPoll({ workflow, file: { text: "Order 7" } });
seen.polled = { status: polled.status, steps: polled.stepRuns.map((step) => step.stepType) };
seen.walked = (await walk((query) => client.workflowRuns.list(query), { batchId, maxPageSize: 3 })).length;

seen.events = {};
for (let attempt = 0; attempt < 100 && (seen.events["workflow_run.completed"] ?? 0) < 21; attempt += 1) {
  const answer = await fetch(`${url}/__admin/inbox/node/messages?limit=10000`);
  seen.events = {};
  for (const message of (await answer.json()).items) {
    const event = client.webhooks.verifyAndParse(message.body, message.headers, endpoint.signingSecret);
    seen.events[event.eventType] = (seen.events[event.eventType] ?? 0) + 1;
  }
}
const [message] = (await (await fetch(`${url}/__admin/inbox/node/messages?limit=1`)).json()).items;
seen.forged = client.webhooks.verify(message.body, message.headers, "wss_other");

const bytes = Buffer.from(`%PDF-1.4\n${"x".repeat(200_000)}`);
const path = join(tmpdir(), `extend-${process.pid}.pdf`);
writeFileSync(path, bytes);
const uploaded = await client.files.upload(createReadStream(path), { password: "s3cret" });
const stored = await client.files.retrieve(uploaded.id);
const downloaded = Buffer.from(await (await fetch(stored.presignedUrl)).arrayBuffer());
seen.file = { type: uploaded.type, same: downloaded.equals(bytes) };

seen.refusals = {
  none: await refusal(() => client.workflowRuns.createBatch({ workflow, inputs: [] })),
  many: await refusal(() => client.workflowRuns.createBatch({ workflow, inputs: inputsOf(1001) })),
  unknown: await refusal(() => client.workflowRuns.createBatch({ workflow: { id: "workflow_none" }, inputs: inputsOf(1) })),
  strict: await refusal(() =>
    client.webhookEndpoints.create({ url: "http://127.0.0.1:9", name: "x", enabledEvents: [], apiVersion: "2026-02-09", extra: 1 }),
  ),
  older: await refusal(() => client.workflowRuns.retrieve("workflow_run_none", {}, { extendApiVersion: "2025-04-21" })),
};
console.log(JSON.stringify(seen));
