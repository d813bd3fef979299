// Calls the real hosts with each of Node's own clients.
import http from "node:http";
import https from "node:https";

const headers = { Authorization: "ApiKey k", "x-extend-api-version": "2026-02-09" };
const hosts = {
  "api.sama.com": "/v2/projects/117.json?access_key=k",
  "toloka.dev": "/api/v1/projects",
  "api.extend.ai": "/workflow_runs",
  "api.pipelines.tech": "/api/v1/workflows/42",
};
const get = (client, url) =>
  new Promise((resolve, reject) => {
    client
      .get(url, { headers }, (answer) => {
        answer.resume();
        resolve(answer.headers["content-type"]);
      })
      .on("error", reject);
  });

for (const [host, path] of Object.entries(hosts)) {
  const fetched = await fetch(`https://${host}${path}`, { headers });
  console.log(host, "fetch", fetched.headers.get("content-type"));
  console.log(host, "https", await get(https, `https://${host}${path}`));
  console.log(host, "http", await get(http, `http://${host}${path}`));
}
for (const [name, call] of [["fetch", fetch], ["https", (url) => get(https, url)]]) {
  try {
    await call("https://example.com");
    console.log("reached", name);
  } catch (error) {
    console.log("refused", name, (error.cause ?? error).message);
  }
}
