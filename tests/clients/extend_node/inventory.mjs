// Calls every method of the npm SDK and prints which were called, and which failed.
// Usage: node inventory.mjs URL WAITING_URL, where nothing moves at the second server.
import { ExtendClient } from "extend-ai";

const [url, waitingUrl] = process.argv.slice(2);
const connect = (base) => new ExtendClient({ token: "sk_test_1", baseUrl: `${base}/extend`, maxRetries: 0 });
const client = connect(url);
const waiting = connect(waitingUrl);

const workflow = { id: "workflow_purchase-orders-00001" };
const file = { url: "https://files.example.com/order.pdf" };
const steps = [
  { type: "TRIGGER", name: "start", next: [{ step: "parse" }] },
  { type: "PARSE", name: "parse" },
];
const nouns = {
  extractor: ["ex_purchase-order-000001", { schema: { type: "object", properties: { total: { type: ["number", "null"] } } } }],
  classifier: ["cl_document-kinds-000001", { classifications: [{ id: "a", type: "a", description: "A" }] }],
  splitter: ["spl_document-packet-00001", { splitClassifications: [{ id: "a", type: "a", description: "A" }] }],
};
const verbs = { extractor: "extract", classifier: "classify", splitter: "split" };
const set = "ev_purchase-orders-00001";
const expected = { expectedOutput: { value: { a: 1 } } };
const one = { maxPageSize: 1 };

const calls = {};
const call = (name, method) => {
  calls[name] = method;
};
const runs = (resource, body, { batch, cancels = true, deletes = true, lists = true } = {}) => {
  const make = (of = client) => of[resource].create(body);
  call(`${resource}.create`, () => make());
  call(`${resource}.retrieve`, async () => client[resource].retrieve((await make()).id));
  if (lists) call(`${resource}.list`, () => client[resource].list(one));
  if (deletes) call(`${resource}.delete`, async () => client[resource].delete((await make()).id));
  if (cancels) call(`${resource}.cancel`, async () => waiting[resource].cancel((await make(waiting)).id));
  if (batch) call(`${resource}.createBatch`, () => client[resource].createBatch(batch));
  if (resource !== "formDetectionRuns") call(`${resource}.createAndPoll`, () => client[resource].createAndPoll(body));
};

runs("workflowRuns", { workflow, file }, { batch: { workflow, inputs: [{ file }] } });
call("workflowRuns.update", async () =>
  client.workflowRuns.update((await client.workflowRuns.create({ workflow, file })).id, { metadata: { a: 1 } }),
);
runs("parseRuns", { file }, { batch: { inputs: [{ file }] } });
runs("editRuns", { file }, { cancels: false, lists: false });
runs("formDetectionRuns", { file }, { cancels: false, deletes: false, lists: false });
for (const name of ["parse", "edit", "detectForm"]) call(name, () => client[name]({ file }));
call("editSchemas.generate", () => client.editSchemas.generate({ file }));
call("editTemplates.retrieve", () => client.editTemplates.retrieve("edt_registration-form-001"));

for (const [noun, [id, config]] of Object.entries(nouns)) {
  const verb = verbs[noun];
  const reference = { [noun]: { id } };
  runs(`${verb}Runs`, { ...reference, file }, { batch: { ...reference, inputs: [{ file }] } });
  call(verb, () => client[verb]({ ...reference, file }));
  const own = () => client[`${noun}s`].create({ name: "Own", config });
  call(`${noun}s.create`, own);
  call(`${noun}s.list`, () => client[`${noun}s`].list(one));
  call(`${noun}s.retrieve`, () => client[`${noun}s`].retrieve(id));
  call(`${noun}s.update`, async () => client[`${noun}s`].update((await own()).id, { name: "Renamed", config }));
  call(`${noun}Versions.list`, () => client[`${noun}Versions`].list(id, one));
  call(`${noun}Versions.retrieve`, () => client[`${noun}Versions`].retrieve(id, "1.0"));
  call(`${noun}Versions.create`, async () =>
    client[`${noun}Versions`].create((await own()).id, { releaseType: "major", config }),
  );
}

const ownWorkflow = () => client.workflows.create({ name: "Own", steps });
call("workflows.create", ownWorkflow);
call("workflows.list", () => client.workflows.list(one));
call("workflows.retrieve", () => client.workflows.retrieve(workflow.id));
call("workflows.update", async () => client.workflows.update((await ownWorkflow()).id, { name: "Renamed" }));
call("workflowVersions.list", () => client.workflowVersions.list(workflow.id, one));
call("workflowVersions.retrieve", () => client.workflowVersions.retrieve(workflow.id, "latest"));
call("workflowVersions.create", async () => client.workflowVersions.create((await ownWorkflow()).id));

const upload = () => client.files.upload(new File(["Total 4"], "order.txt"), {});
call("files.upload", upload);
call("files.list", () => client.files.list(one));
call("files.retrieve", async () => client.files.retrieve((await upload()).id, { rawText: true }));
call("files.delete", async () => client.files.delete((await upload()).id));
call("batchRuns.get", async () => client.batchRuns.get((await client.parseRuns.createBatch({ inputs: [{ file }] })).id));

const item = async () =>
  (await client.evaluationSetItems.create(set, { items: [{ fileId: "file_sample-invoice-000001", ...expected }] }))
    .evaluationSetItems[0];
call("evaluationSets.list", () => client.evaluationSets.list(one));
call("evaluationSets.create", () => client.evaluationSets.create({ name: "Own", entityId: nouns.extractor[0] }));
call("evaluationSets.retrieve", () => client.evaluationSets.retrieve(set));
call("evaluationSetItems.list", () => client.evaluationSetItems.list(set, one));
call("evaluationSetItems.create", item);
call("evaluationSetItems.retrieve", async () => client.evaluationSetItems.retrieve(set, (await item()).id));
call("evaluationSetItems.update", async () => client.evaluationSetItems.update(set, (await item()).id, expected));
call("evaluationSetItems.delete", async () => client.evaluationSetItems.delete(set, (await item()).id));
const measure = () => client.evaluationSetRuns.create({ evaluationSetId: set });
call("evaluationSetRuns.create", measure);
call("evaluationSetRuns.retrieve", async () => client.evaluationSetRuns.retrieve((await measure()).id));

const endpoint = () =>
  client.webhookEndpoints.create({ url: "http://127.0.0.1:9/hook", name: "Own", enabledEvents: [], apiVersion: "2026-02-09" });
const subscription = async () =>
  client.webhookSubscriptions.create({
    webhookEndpointId: (await endpoint()).id,
    resourceType: "workflow",
    resourceId: workflow.id,
    enabledEvents: ["workflow_run.completed"],
  });
call("webhookEndpoints.create", endpoint);
call("webhookEndpoints.list", () => client.webhookEndpoints.list(one));
call("webhookEndpoints.retrieve", async () => client.webhookEndpoints.retrieve((await endpoint()).id));
call("webhookEndpoints.update", async () => client.webhookEndpoints.update((await endpoint()).id, { name: "Renamed" }));
call("webhookEndpoints.delete", async () => client.webhookEndpoints.delete((await endpoint()).id));
call("webhookSubscriptions.create", subscription);
call("webhookSubscriptions.list", () => client.webhookSubscriptions.list(one));
call("webhookSubscriptions.retrieve", async () => client.webhookSubscriptions.retrieve((await subscription()).id));
call("webhookSubscriptions.update", async () =>
  client.webhookSubscriptions.update((await subscription()).id, { enabledEvents: ["workflow_run.failed"] }),
);
call("webhookSubscriptions.delete", async () => client.webhookSubscriptions.delete((await subscription()).id));

const processor = async () => (await client.processor.create({ name: "Old", type: "EXTRACT" })).processor;
const processorId = nouns.extractor[0];
const oldRun = async (of = client) =>
  (await of.processorRun.create({ processorId, file: { fileUrl: file.url } })).processorRun;
call("processor.create", processor);
call("processor.list", () => client.processor.list(one));
call("processor.update", async () => client.processor.update((await processor()).id, { name: "Older" }));
call("processorVersion.list", () => client.processorVersion.list(processorId));
call("processorVersion.get", () => client.processorVersion.get(processorId, "exv_purchase-order-000002"));
call("processorVersion.create", async () =>
  client.processorVersion.create((await processor()).id, { releaseType: "minor" }),
);
call("processorRun.create", oldRun);
call("processorRun.list", () => client.processorRun.list(one));
call("processorRun.get", async () => client.processorRun.get((await oldRun()).id));
call("processorRun.delete", async () => client.processorRun.delete((await oldRun()).id));
call("processorRun.cancel", async () => waiting.processorRun.cancel((await oldRun(waiting)).id));
call("batchProcessorRun.get", async () => {
  const classifier = { id: nouns.classifier[0] };
  return client.batchProcessorRun.get((await client.classifyRuns.createBatch({ classifier, inputs: [{ file }] })).id);
});

const namesOf = (thing) => {
  const found = new Map();
  for (let at = Object.getPrototypeOf(thing); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      // `convert…` are private helpers of the typed schemas.
      const own = name !== "constructor" && !name.startsWith("_") && !name.startsWith("convert");
      if (own && !found.has(name)) found.set(name, property);
    }
  }
  return found;
};
const methods = [];
for (const [name, property] of namesOf(client)) {
  if (property.get) for (const each of namesOf(client[name]).keys()) methods.push(`${name}.${each}`);
  else methods.push(name);
}

const failed = {};
for (const [name, method] of Object.entries(calls)) {
  try {
    const answer = await method();
    if (answer === undefined || answer.ok === false) failed[name] = `answered ${JSON.stringify(answer)}`;
  } catch (error) {
    failed[name] = `${error.statusCode ?? ""} ${JSON.stringify(error.body ?? error.message)}`;
  }
}
console.log(JSON.stringify({ methods: methods.sort(), called: Object.keys(calls).sort(), failed }));
