// @aws-sdk/client-kinesis v3 with its defaults (HTTP/2): a consumer of enhanced fan-out from registration to its end.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(process.env.CONFORMANCE_MODULES);
const kinesis = require("@aws-sdk/client-kinesis");
const [endpoint] = process.argv.slice(2);
const client = new kinesis.KinesisClient({
  endpoint,
  region: "eu-west-1",
  credentials: { accessKeyId: "123456789012", secretAccessKey: "secret" },
  maxAttempts: 1,
});
assert.equal(client.config.requestHandler.constructor.name, "NodeHttp2Handler");
const call = (name, input) => client.send(new kinesis[`${name}Command`](input));

const StreamName = `orders-${Date.now()}`;
await call("CreateStream", { StreamName, ShardCount: 1 });
await kinesis.waitUntilStreamExists({ client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { StreamName });
const { StreamDescriptionSummary: { StreamARN } } = await call("DescribeStreamSummary", { StreamName });
const { Consumer: { ConsumerARN } } = await call("RegisterStreamConsumer", { StreamARN, ConsumerName: "app" });
let status;
do {
  status = (await call("DescribeStreamConsumer", { ConsumerARN })).ConsumerDescription.ConsumerStatus;
} while (status !== "ACTIVE");
assert.equal((await call("ListStreamConsumers", { StreamARN })).Consumers[0].ConsumerARN, ConsumerARN);

const subscribe = async (StartingPosition) =>
  (await call("SubscribeToShard", { ConsumerARN, ShardId: "shardId-000000000000", StartingPosition })).EventStream;

// Records are pushed as they are put, on the connection that the puts use.
const stream = await subscribe({ Type: "LATEST" });
const events = stream[Symbol.asyncIterator]();
const next = async () => (await events.next()).value.SubscribeToShardEvent;
assert.deepEqual((await next()).Records, []);
let last;
for (let number = 0; number < 20; number++) {
  const put = await call("PutRecord", { StreamName, PartitionKey: "k", Data: Buffer.from(`record ${number}`) });
  last = await next();
  assert.equal(Buffer.from(last.Records[0].Data).toString(), `record ${number}`);
  assert.equal(last.ContinuationSequenceNumber, put.SequenceNumber);
  assert.equal(last.MillisBehindLatest, 0);
  assert.ok(last.Records[0].ApproximateArrivalTimestamp instanceof Date);
}

// Errors before the stream, and in it.
await assert.rejects(subscribe({ Type: "LATEST" }), { name: "ResourceInUseException" });
await assert.rejects(subscribe({ Type: "AT_SEQUENCE_NUMBER" }), { name: "InvalidArgumentException" });
await call("DeregisterStreamConsumer", { ConsumerARN });
await assert.rejects(events.next(), { name: "ResourceNotFoundException" });

// Large puts and many requests at once.
const Records = Array.from({ length: 10 }, (_, n) => ({ PartitionKey: `${n}`, Data: Buffer.alloc(90_000, n) }));
assert.equal((await call("PutRecords", { StreamName, Records })).FailedRecordCount, 0);
const many = await Promise.all(Array.from({ length: 200 }, () => call("DescribeStreamSummary", { StreamName })));
assert.equal(many.length, 200);
await call("DeleteStream", { StreamName });
client.destroy();
console.log("ok");
