// Node's own http2 client: many streams, large bodies both ways, a goodbye with answers still due.
import assert from "node:assert/strict";
import http2 from "node:http2";

const session = http2.connect(process.argv[2]);
const headers = {
  ":method": "POST",
  ":path": "/",
  "content-type": "application/x-amz-json-1.1",
  authorization:
    "AWS4-HMAC-SHA256 Credential=123456789012/20240101/eu-west-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20240101T000000Z",
};
const call = (action, input) =>
  new Promise((resolve, reject) => {
    const stream = session.request({ ...headers, "x-amz-target": `Kinesis_20131202.${action}` });
    let status;
    let body = "";
    stream.setEncoding("utf8");
    stream.on("response", (answer) => (status = answer[":status"]));
    stream.on("data", (piece) => (body += piece));
    stream.on("end", () => resolve({ status, body: body && JSON.parse(body) }));
    stream.on("error", reject);
    stream.end(JSON.stringify(input));
  });

const StreamName = `h2-${Date.now()}`;
assert.equal((await call("CreateStream", { StreamName, ShardCount: 10 })).status, 200);
let summary;
do {
  summary = (await call("DescribeStreamSummary", { StreamName })).body.StreamDescriptionSummary;
} while (summary.StreamStatus !== "ACTIVE");

const width = (1n << 128n) / 10n;
const Data = Buffer.alloc(1_000_000, 7).toString("base64");
const Records = Array.from({ length: 10 }, (_, n) => ({
  PartitionKey: `${n}`,
  ExplicitHashKey: `${width * BigInt(n)}`,
  Data,
}));
assert.equal((await call("PutRecords", { StreamName, Records })).body.FailedRecordCount, 0);
const iterator = await call("GetShardIterator", {
  StreamName,
  ShardId: "shardId-000000000009",
  ShardIteratorType: "TRIM_HORIZON",
});
const read = await call("GetRecords", { ShardIterator: iterator.body.ShardIterator });
assert.equal(read.body.Records[0].Data, Data);

const many = await Promise.all(Array.from({ length: 1000 }, () => call("ListStreams", {})));
assert.ok(many.every((answer) => answer.status === 200));

await new Promise((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
const due = call("ListShards", { StreamName });
session.close(); // GOAWAY: no new requests, the answer that is due still comes
const shards = await due;
assert.equal(shards.body.Shards?.length, 10, JSON.stringify(shards));
await new Promise((resolve) => (session.closed && session.destroyed ? resolve() : session.on("close", resolve)));
console.log("ok");
