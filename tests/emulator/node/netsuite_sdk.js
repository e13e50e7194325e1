// Takes the published OAuth 2.0 client through what it offers: reads {base, credentials} from standard input, prints what
// each call brought. It has no setting for its address, so requests are led to the emulator as a TLS terminator would.
const { NetSuiteClient } = require("@brokenrubik/netsuite-sdk");

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { base, credentials, changes } = JSON.parse(Buffer.concat(chunks).toString());
  const direct = globalThis.fetch;
  globalThis.fetch = (address, options = {}) => {
    const { host, pathname, search } = new URL(String(address));
    const headers = { ...options.headers, "X-Forwarded-Proto": "https", "X-Forwarded-Host": host };
    return direct(`${base}${pathname}${search}`, { ...options, headers });
  };
  const client = new NetSuiteClient({
    accountId: credentials.account,
    clientId: credentials.oauth2_client_id,
    certificateId: credentials.oauth2_certificate_id,
    privateKey: credentials.oauth2_private_key_pem,
    initialRetryDelay: 20,
    ...changes,
  });
  const results = {};
  const step = async (name, work) => {
    try {
      results[name] = { value: await work() };
    } catch (error) {
      results[name] = { error: error.constructor.name, message: error.message, job: error.jobId };
    }
    return results[name].value;
  };
  const waited = async (job) => (await job).wait({ pollInterval: 20 });

  const made = await step("create", () => client.createRecord("vendor", { companyName: "Sdk One", subsidiary: { id: "1" } }));
  if (made) {
    await step("get", () => client.getRecord("vendor", made.id, { expandSubResources: true }));
    await step("update", () => client.updateRecord("vendor", made.id, { email: "one@example.com" }));
    await step("upsert", () => client.upsertRecord("vendor", "SDK-2", { companyName: "Sdk Two", subsidiary: { id: "1" } }));
    await step("list", () => client.listAllRecords("vendor", { q: 'companyName START_WITH "Sdk"' }));
    await step("remove", () => client.deleteRecord("vendor", made.id));
    await step("gone", () => client.getRecord("vendor", made.id));
    await step("query", () =>
      client.suiteqlAll(
        "SELECT tl.uniquekey, t.tranid FROM transactionline tl JOIN transaction t ON t.id = tl.transaction ORDER BY tl.uniquekey",
        { pageSize: 100 },
      ),
    );
    await step("bad query", () => client.suiteql("SELECT nothing FROM vendor"));
    const key = "6f0d9d0e-6a54-4f5e-9d8e-3a3f5b0c7a11";
    const items = [{ companyName: "Sdk Three", externalId: "SDK-3", subsidiary: { id: "1" } }, { subsidiary: { id: "99" } }];
    await step("batch", () => waited(client.batchCreate("vendor", items, { parallel: true, idempotencyKey: key })));
    await step("batch again", () => client.batchCreate("vendor", items, { idempotencyKey: key }));
    await step("batch get", () => waited(client.batchGet("vendor", ["eid:SDK-3", "999999"], { fields: "companyName" })));
    await step("batch delete", () => waited(client.batchDelete("vendor", ["eid:SDK-3"])));
    await step("metadata", () => client.getMetadata({ select: "vendorbill" }));
    await step("script", () => client.callRestlet({ scriptId: "customscript_echo", deployId: "customdeploy_echo", method: "POST", body: { a: 1 } }));
    await step("no script", () => client.callRestlet({ scriptId: "customscript_none", deployId: "1" }));
  }
  console.log(JSON.stringify(results));
}

main();
