// @aws-sdk/client-s3 v3 with its defaults: checksums in trailers, streams, multipart by lib-storage, presigned URLs, errors,
// and what a browser on another page would ask before it puts (CORS).
import assert from "node:assert/strict";
import { randomBytes, createHash } from "node:crypto";
import { createRequire } from "node:module";
import { Readable } from "node:stream";

const require = createRequire(process.env.CONFORMANCE_MODULES);
const s3 = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const { createPresignedPost } = require("@aws-sdk/s3-presigned-post");
const [endpoint] = process.argv.slice(2);
const client = new s3.S3Client({
  endpoint,
  region: "eu-west-1",
  forcePathStyle: true,
  credentials: { accessKeyId: "123456789012", secretAccessKey: "secret" },
  maxAttempts: 1,
});
const call = (name, input) => client.send(new s3[`${name}Command`](input));
const bytes = async (body) => Buffer.from(await body.transformToByteArray());
const sha = (data) => createHash("sha256").update(data).digest("hex");

const Bucket = "photos";
await call("CreateBucket", { Bucket });
await s3.waitUntilBucketExists({ client, maxWaitTime: 10 }, { Bucket });
assert.deepEqual((await call("ListBuckets", {})).Buckets.map((each) => each.Name), [Bucket]);

// Small, with metadata, a tag and each checksum that the SDK makes by itself.
const algorithms = ["CRC32", "CRC32C", "SHA1", "SHA256"];
for (const ChecksumAlgorithm of algorithms) {
  const put = await call("PutObject", {
    Bucket, Key: `a b/é/${ChecksumAlgorithm}`, Body: "hello", ContentType: "text/plain", Metadata: { who: "me" },
    Tagging: "team=blue", ChecksumAlgorithm,
  });
  assert.ok(put[`Checksum${ChecksumAlgorithm}`], ChecksumAlgorithm);
  const got = await call("GetObject", { Bucket, Key: `a b/é/${ChecksumAlgorithm}`, ChecksumMode: "ENABLED" });
  assert.equal(await got.Body.transformToString(), "hello");
  assert.deepEqual([got.ContentType, got.Metadata, got.TagCount], ["text/plain", { who: "me" }, 1]);
}

// A stream whose length is known: sent in chunks with its checksum in the trailer.
const large = randomBytes(12_000_000);
await call("PutObject", { Bucket, Key: "streamed", Body: Readable.from([large.subarray(0, 5_000_000), large.subarray(5_000_000)]), ContentLength: large.length });
assert.equal(sha(await bytes((await call("GetObject", { Bucket, Key: "streamed" })).Body)), sha(large));
const part = await call("GetObject", { Bucket, Key: "streamed", Range: "bytes=100-199" });
assert.deepEqual(await bytes(part.Body), large.subarray(100, 200));
assert.equal(part.ContentRange, "bytes 100-199/12000000");

// A stream of unknown length: lib-storage makes parts of it.
const progress = [];
const upload = new Upload({ client, params: { Bucket, Key: "parts", Body: Readable.from([large]) }, partSize: 5 * 1024 * 1024 });
upload.on("httpUploadProgress", (each) => progress.push(each.part));
const done = await upload.done();
assert.match(done.ETag, /-3"$/);
assert.equal(progress.length, 3);
assert.equal(sha(await bytes((await call("GetObject", { Bucket, Key: "parts" })).Body)), sha(large));

// Lists with a delimiter, in pages.
const keys = [];
for await (const page of s3.paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) keys.push(...page.Contents.map((each) => each.Key));
assert.deepEqual(keys, [...algorithms.map((each) => `a b/é/${each}`), "parts", "streamed"]);
assert.deepEqual((await call("ListObjectsV2", { Bucket, Delimiter: "/" })).CommonPrefixes, [{ Prefix: "a b/" }]);

// Presigned: by fetch, as a page does it.
const put = await getSignedUrl(client, new s3.PutObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
assert.equal((await fetch(put, { method: "PUT", body: "from a page" })).status, 200);
const get = await getSignedUrl(client, new s3.GetObjectCommand({ Bucket, Key: "signed" }), { expiresIn: 60 });
assert.equal(await (await fetch(get)).text(), "from a page");
const { url, fields } = await createPresignedPost(client, { Bucket, Key: "posted/${filename}", Conditions: [["content-length-range", 0, 100]] });
const form = new FormData();
for (const [name, value] of Object.entries(fields)) form.append(name, value);
form.append("file", new Blob(["from a form"]), "note.txt");
assert.equal((await fetch(url, { method: "POST", body: form })).status, 204);
assert.equal(await (await call("GetObject", { Bucket, Key: "posted/note.txt" })).Body.transformToString(), "from a form");
const tooLong = new FormData();
for (const [name, value] of Object.entries(fields)) tooLong.append(name, value);
tooLong.append("file", new Blob(["x".repeat(101)]), "long.txt");
assert.match(await (await fetch(url, { method: "POST", body: tooLong })).text(), /EntityTooLarge/);

// CORS: the preflight of a browser before the bucket has rules, with rules that fit, and from another page.
const preflight = (origin) => fetch(`${endpoint}/${Bucket}/signed`, {
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", "access-control-request-headers": "content-type" },
});
assert.equal((await preflight("https://page.example")).status, 403);
await call("PutBucketCors", { Bucket, CORSConfiguration: { CORSRules: [
  { AllowedOrigins: ["https://page.example"], AllowedMethods: ["GET", "PUT"], AllowedHeaders: ["*"], ExposeHeaders: ["ETag"], MaxAgeSeconds: 300 },
] } });
const allowed = await preflight("https://page.example");
assert.equal(allowed.status, 200);
assert.equal(allowed.headers.get("access-control-allow-origin"), "https://page.example");
assert.match(allowed.headers.get("access-control-allow-methods"), /PUT/);
assert.equal(allowed.headers.get("access-control-max-age"), "300");
assert.equal((await preflight("https://other.example")).status, 403);
const crossing = await fetch(get, { headers: { origin: "https://page.example" } });
assert.equal(crossing.headers.get("access-control-allow-origin"), "https://page.example");
assert.equal(crossing.headers.get("access-control-expose-headers"), "ETag");

// Conditions, versions, deletion.
await assert.rejects(call("PutObject", { Bucket, Key: "signed", Body: "x", IfNoneMatch: "*" }), { name: "PreconditionFailed" });
await call("PutBucketVersioning", { Bucket, VersioningConfiguration: { Status: "Enabled" } });
const { VersionId } = await call("PutObject", { Bucket, Key: "signed", Body: "second" });
assert.ok((await call("DeleteObject", { Bucket, Key: "signed" })).DeleteMarker);
await assert.rejects(call("GetObject", { Bucket, Key: "signed" }), { name: "NoSuchKey" });
assert.equal(await (await call("GetObject", { Bucket, Key: "signed", VersionId })).Body.transformToString(), "second");
await assert.rejects(call("GetObject", { Bucket: "none", Key: "x" }), { name: "NoSuchBucket" });
await assert.rejects(call("DeleteBucket", { Bucket }), { name: "BucketNotEmpty" });
await assert.rejects(call("HeadObject", { Bucket, Key: "none" }), { name: "NotFound" });
const removed = await call("DeleteObjects", { Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } });
assert.equal(removed.Deleted.length, keys.length);

console.log("ok");
