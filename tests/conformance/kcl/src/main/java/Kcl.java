import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.StreamStatus;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * The Kinesis Client Library 3 reads a stream while it is split and merged: every record comes, those of a partition
 * key in order, and every closed shard comes to its end. Arguments: the broker's endpoint, then "polling" or "fanout".
 */
public final class Kcl {
    private static final int KEYS = 40;
    private static final Map<String, ConcurrentLinkedQueue<Integer>> SEEN = new ConcurrentHashMap<>();
    private static final Set<String> ENDED = ConcurrentHashMap.newKeySet();
    private static final Set<String> STARTED = ConcurrentHashMap.newKeySet();

    public static void main(String[] arguments) throws Exception {
        URI endpoint = URI.create(arguments[0]);
        boolean pushed = arguments[1].equals("fanout");
        String stream = "kcl-" + arguments[1];
        int port = freePort();
        var dynamoServer = ServerRunner.createServerFromCommandLineArgs(
            new String[] {"-inMemory", "-port", Integer.toString(port)});
        dynamoServer.start();
        URI dynamoEndpoint = URI.create("http://127.0.0.1:" + port);
        var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
        KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(KinesisAsyncClient.builder()
            .endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(credentials));
        DynamoDbAsyncClient dynamo = DynamoDbAsyncClient.builder()
            .endpointOverride(dynamoEndpoint).region(Region.US_EAST_1).credentialsProvider(credentials).build();
        CloudWatchAsyncClient cloudWatch = CloudWatchAsyncClient.builder()
            .endpointOverride(dynamoEndpoint).region(Region.US_EAST_1).credentialsProvider(credentials).build();

        kinesis.createStream(b -> b.streamName(stream).shardCount(2)).join();
        untilActive(kinesis, stream);
        int next = put(kinesis, stream, 0, 5);

        ConfigsBuilder configs = new ConfigsBuilder(
            new SingleStreamTracker(stream,
                InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON)),
            stream + "-application", kinesis, dynamo, cloudWatch, "worker-1", Processor::new);
        var retrieval = configs.retrievalConfig().retrievalSpecificConfig(pushed
            ? new FanOutConfig(kinesis).streamName(stream).applicationName(stream + "-application")
            : new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(250));
        var leases = configs.leaseManagementConfig().shardSyncIntervalMillis(1000L).failoverTimeMillis(2000L);
        var coordinator = configs.coordinatorConfig().parentShardPollIntervalMillis(200L)
            .shardConsumerDispatchPollIntervalMillis(50L);
        Scheduler scheduler = new Scheduler(configs.checkpointConfig(), coordinator, leases, configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()), configs.processorConfig(), retrieval);
        Thread thread = new Thread(scheduler, "scheduler");
        thread.setDaemon(true);
        thread.start();

        until("the first records", 90, total(next));
        Shard first = shards(kinesis, stream).get(0);
        var range = first.hashKeyRange();
        String middle = new java.math.BigInteger(range.startingHashKey())
            .add(new java.math.BigInteger(range.endingHashKey())).shiftRight(1).toString();
        kinesis.splitShard(b -> b.streamName(stream).shardToSplit(first.shardId()).newStartingHashKey(middle)).join();
        next = put(kinesis, stream, next, 5);
        untilActive(kinesis, stream);
        next = put(kinesis, stream, next, 5);
        until("the records after the split", 120, total(next));
        until("the end of the shard that was split", 60, () -> ENDED.contains(first.shardId()));

        List<Shard> open = shards(kinesis, stream).stream()
            .filter(s -> s.sequenceNumberRange().endingSequenceNumber() == null)
            .filter(s -> first.shardId().equals(s.parentShardId())).toList();
        check(open.size() == 2, "two children");
        kinesis.mergeShards(b -> b.streamName(stream).shardToMerge(open.get(0).shardId())
            .adjacentShardToMerge(open.get(1).shardId())).join();
        next = put(kinesis, stream, next, 5);
        untilActive(kinesis, stream);
        next = put(kinesis, stream, next, 5);
        until("the records after the merge", 120, total(next));
        until("the end of both shards that were merged", 60,
            () -> ENDED.contains(open.get(0).shardId()) && ENDED.contains(open.get(1).shardId()));
        String merged = shards(kinesis, stream).get(4).shardId();
        until("the start of the merged shard", 60, () -> STARTED.contains(merged));

        for (int key = 0; key < KEYS; key++) {
            List<Integer> numbers = new ArrayList<>(SEEN.get("key-" + key));
            for (int i = 0; i < next; i++) {
                check(numbers.get(i) == i, "key-" + key + " came as " + numbers);
            }
        }
        scheduler.startGracefulShutdown().get(60, TimeUnit.SECONDS);
        System.out.println("ok");
        System.exit(0); // the libraries' own threads are no daemons
    }

    /** Puts `rounds` numbers under every key; the next number. */
    private static int put(KinesisAsyncClient kinesis, String stream, int next, int rounds) {
        for (int number = next; number < next + rounds; number++) {
            List<PutRecordsRequestEntry> entries = new ArrayList<>();
            for (int key = 0; key < KEYS; key++) {
                entries.add(PutRecordsRequestEntry.builder().partitionKey("key-" + key)
                    .data(SdkBytes.fromUtf8String(Integer.toString(number))).build());
            }
            PutRecordsResponse answer = kinesis.putRecords(b -> b.streamName(stream).records(entries)).join();
            check(answer.failedRecordCount() == 0, "everything is stored");
        }
        return next + rounds;
    }

    private static Condition total(int numbers) {
        return () -> SEEN.values().stream().mapToInt(ConcurrentLinkedQueue::size).sum() >= numbers * KEYS;
    }

    private static List<Shard> shards(KinesisAsyncClient kinesis, String stream) {
        return kinesis.listShards(b -> b.streamName(stream)).join().shards();
    }

    private static void untilActive(KinesisAsyncClient kinesis, String stream) throws Exception {
        until("ACTIVE", 20, () -> kinesis.describeStreamSummary(b -> b.streamName(stream)).join()
            .streamDescriptionSummary().streamStatus() == StreamStatus.ACTIVE);
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void until(String what, int seconds, Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.holds()) {
            check(System.nanoTime() < end, what + " did not come; seen " + SEEN + ", ended " + ENDED);
            Thread.sleep(100);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            System.err.println(what);
            System.exit(1);
        }
    }

    /** Notes what it gets, and checkpoints. */
    private static final class Processor implements ShardRecordProcessor {
        private String shard;

        @Override
        public void initialize(InitializationInput input) {
            shard = input.shardId();
            STARTED.add(shard);
        }

        @Override
        public void processRecords(ProcessRecordsInput input) {
            for (KinesisClientRecord record : input.records()) {
                String text = StandardCharsets.UTF_8.decode(record.data()).toString();
                SEEN.computeIfAbsent(record.partitionKey(), key -> new ConcurrentLinkedQueue<>())
                    .add(Integer.valueOf(text));
            }
            try {
                input.checkpointer().checkpoint();
            } catch (Exception error) {
                check(false, "checkpoint of " + shard + ": " + error);
            }
        }

        @Override
        public void leaseLost(LeaseLostInput input) {}

        @Override
        public void shardEnded(ShardEndedInput input) {
            try {
                input.checkpointer().checkpoint();
                ENDED.add(shard);
            } catch (Exception error) {
                check(false, "the end of " + shard + ": " + error);
            }
        }

        @Override
        public void shutdownRequested(ShutdownRequestedInput input) {}
    }
}
