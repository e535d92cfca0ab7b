// aws-kinesis-agg over a stream: many user records in one, put by the SDK, taken apart again.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(process.env.CONFORMANCE_MODULES);
const kinesis = require("@aws-sdk/client-kinesis");
const { RecordAggregator, deaggregateSync } = require("aws-kinesis-agg");
const [endpoint] = process.argv.slice(2);
const client = new kinesis.KinesisClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});
const call = (name, input) => client.send(new kinesis[`${name}Command`](input));

const StreamName = `agg-${Date.now()}`;
await call("CreateStream", { StreamName, ShardCount: 1 });
await kinesis.waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { StreamName });

const records = Array.from({ length: 500 }, (_, i) => ({ partitionKey: `key-${i}`, data: Buffer.from(`record ${i}`) }));
const aggregated = [];
await new Promise((resolve, reject) => {
  new RecordAggregator().aggregateRecords(records, true, (error, record) => {
    if (error) return reject(error);
    aggregated.push(record);
    resolve();
  });
});
for (const record of aggregated) {
  const PartitionKey = record.partitionKey ?? record.PartitionKey;
  await call("PutRecord", { StreamName, PartitionKey, Data: record.data ?? record.Data });
}
const { ShardIterator } = await call("GetShardIterator", {
  StreamName,
  ShardId: "shardId-000000000000",
  ShardIteratorType: "TRIM_HORIZON",
});
const { Records } = await call("GetRecords", { ShardIterator });
const userRecords = [];
for (const record of Records) {
  const kinesisRecord = {
    data: Buffer.from(record.Data).toString("base64"),
    partitionKey: record.PartitionKey,
    sequenceNumber: record.SequenceNumber,
  };
  deaggregateSync(kinesisRecord, true, (error, found) => {
    assert.ifError(error);
    userRecords.push(...found);
  });
}
assert.equal(userRecords.length, 500);
assert.equal(Buffer.from(userRecords[7].data, "base64").toString(), "record 7");
client.destroy();
console.log("ok");
