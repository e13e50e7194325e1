// Calls through the published client that low-code nodes are built on: reads {config, requests} from standard input.
const { makeRequest } = require("@fye/netsuite-rest-api");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { config, requests } = JSON.parse(Buffer.concat(chunks).toString());
  const results = [];
  for (const request of requests) {
    let nextUrl;
    do {
      const reply = await makeRequest(config, { ...request, nextUrl });
      results.push({ status: reply.statusCode, body: reply.body, location: reply.headers.location || null });
      const links = (reply.body && reply.body.links) || [];
      const next = links.find((link) => link.rel === "next");
      nextUrl = request.requestType === "suiteql" && next ? next.href : undefined;
    } while (nextUrl);
  }
  console.log(JSON.stringify(results));
}

main();
