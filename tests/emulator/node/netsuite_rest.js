// Runs calls through the published npm client: reads {options, calls} from standard input, prints what each brought.
const NetsuiteRest = require("netsuite-rest");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { options, calls } = JSON.parse(Buffer.concat(chunks).toString());
  const client = new NetsuiteRest(options);
  const results = [];
  for (const call of calls) {
    try {
      const reply = await client.request(call);
      // The client copies the reply's own properties; what newer Nodes keep as getters is not among them.
      const at = reply.rawHeaders.findIndex((name) => name.toLowerCase() === "location");
      const location = at < 0 ? null : reply.rawHeaders[at + 1];
      results.push({ status: reply.statusCode, data: reply.data, location });
    } catch (error) {
      const reply = error.response;
      results.push({ status: reply ? reply.statusCode : 0, error: reply ? parsed(reply.body) : String(error) });
    }
  }
  console.log(JSON.stringify(results));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return String(body);
  }
}

main();
