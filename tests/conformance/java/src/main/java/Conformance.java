import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.*;

/** The AWS SDK for Java 2 against a broker: CBOR over HTTP/1.1, then SubscribeToShard over HTTP/2. */
public final class Conformance {
    public static void main(String[] arguments) throws Exception {
        URI endpoint = URI.create(arguments[0]);
        var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
        try (KinesisClient kinesis = KinesisClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1)
                .credentialsProvider(credentials).httpClient(UrlConnectionHttpClient.create()).build();
             KinesisAsyncClient async = KinesisAsyncClient.builder().endpointOverride(endpoint)
                .region(Region.US_EAST_1).credentialsProvider(credentials).build()) {
            putAndRead(kinesis);
            errors(kinesis);
            subscribe(kinesis, async);
        }
        System.out.println("ok");
    }

    private static void putAndRead(KinesisClient kinesis) {
        kinesis.createStream(b -> b.streamName("java").shardCount(1));
        kinesis.waiter().waitUntilStreamExists(b -> b.streamName("java"));
        long before = System.currentTimeMillis();
        List<PutRecordsRequestEntry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            entries.add(PutRecordsRequestEntry.builder().partitionKey("key-" + i).data(bytes("record " + i)).build());
        }
        check(kinesis.putRecords(b -> b.streamName("java").records(entries)).failedRecordCount() == 0, "all are stored");
        String iterator = kinesis.getShardIterator(b -> b.streamName("java").shardId("shardId-000000000000")
            .shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
        GetRecordsResponse read = kinesis.getRecords(b -> b.shardIterator(iterator));
        check(read.records().size() == 100, "all are read");
        check(read.records().get(42).data().asUtf8String().equals("record 42"), "in order");
        long arrived = read.records().get(0).approximateArrivalTimestamp().toEpochMilli();
        check(Math.abs(arrived - before) < 60_000, "arrival is a time of today: " + arrived);
        String at = kinesis.getShardIterator(b -> b.streamName("java").shardId("shardId-000000000000")
            .shardIteratorType(ShardIteratorType.AT_TIMESTAMP)
            .timestamp(read.records().get(0).approximateArrivalTimestamp())).shardIterator();
        check(kinesis.getRecords(b -> b.shardIterator(at)).records().size() == 100, "AT_TIMESTAMP is that time");
    }

    private static void errors(KinesisClient kinesis) {
        try {
            kinesis.putRecord(b -> b.streamName("nowhere").partitionKey("k").data(bytes("x")));
            throw new AssertionError("a stream that is not there");
        } catch (ResourceNotFoundException error) {
            check(error.awsErrorDetails().errorMessage().equals("Stream nowhere under account 000000000000 not found."),
                error.awsErrorDetails().errorMessage());
        }
        try {
            kinesis.getRecords(b -> b.shardIterator("nonsense"));
            throw new AssertionError("an iterator that is none");
        } catch (InvalidArgumentException error) {
            check(error.statusCode() == 400, "400");
        }
    }

    private static void subscribe(KinesisClient kinesis, KinesisAsyncClient async) throws Exception {
        String stream = kinesis.describeStreamSummary(b -> b.streamName("java")).streamDescriptionSummary().streamARN();
        String consumer = kinesis.registerStreamConsumer(b -> b.streamARN(stream).consumerName("c")).consumer().consumerARN();
        while (kinesis.describeStreamConsumer(b -> b.consumerARN(consumer)).consumerDescription().consumerStatus()
                != ConsumerStatus.ACTIVE) {
            Thread.sleep(20);
        }
        CountDownLatch received = new CountDownLatch(100);
        SubscribeToShardResponseHandler handler = SubscribeToShardResponseHandler.builder()
            .subscriber(event -> {
                if (event instanceof SubscribeToShardEvent records) {
                    records.records().forEach(record -> received.countDown());
                }
            }).build();
        CompletableFuture<Void> subscription = async.subscribeToShard(b -> b.consumerARN(consumer)
            .shardId("shardId-000000000000").startingPosition(p -> p.type(ShardIteratorType.TRIM_HORIZON)), handler);
        check(received.await(30, TimeUnit.SECONDS), "everything is pushed");
        subscription.cancel(true);
    }

    private static SdkBytes bytes(String text) {
        return SdkBytes.fromString(text, StandardCharsets.UTF_8);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
