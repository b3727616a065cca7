import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.*;

/**
 * The Java SDK against Millrace, the synchronous client over HTTP/1.1 and the asynchronous one over
 * HTTP/2, both in CBOR: prints "ok NAME" or "not ok NAME: why" for each check.
 */
public class Suite extends Checks {
  static final String FIRST = "shardId-000000000000";
  static final String HALF = "170141183460469231731687303715884105728";
  static int streams;

  static void refusedCode(String code, Callable<?> call) throws Exception {
    KinesisException e = refused(KinesisException.class, call);
    want(e.awsErrorDetails().errorCode().equals(code), e);
  }

  static String stream(KinesisClient c) throws Exception {
    String name = "java" + streams++;
    c.createStream(b -> b.streamName(name).shardCount(1));
    settled(c, name);
    return name;
  }

  static void settled(KinesisClient c, String name) throws Exception {
    until(name + " is ACTIVE", () -> c.describeStreamSummary(b -> b.streamName(name)).streamDescriptionSummary().streamStatus() == StreamStatus.ACTIVE);
  }

  static String iterator(KinesisClient c, String name, Consumer<GetShardIteratorRequest.Builder> more) {
    return c.getShardIterator(b -> more.accept(b.streamName(name).shardId(FIRST))).shardIterator();
  }

  static List<String> get(KinesisClient c, String iterator) {
    return text(c.getRecords(b -> b.shardIterator(iterator)).records());
  }

  /** The numbers of the shards of "scaled" that a filter lets through, two on a page. */
  static List<Integer> shards(KinesisClient c, Consumer<ShardFilter.Builder> filter) {
    List<Integer> numbers = new ArrayList<>();
    ListShardsResponse page = c.listShards(b -> b.streamName("scaled").maxResults(2).shardFilter(filter));
    for (;;) {
      page.shards().forEach(s -> numbers.add(Integer.parseInt(s.shardId().substring(8))));
      String token = page.nextToken();
      if (token == null) return numbers;
      page = c.listShards(b -> b.nextToken(token).maxResults(2));
    }
  }

  static GetRecordsResponse read(KinesisClient c, String name) {
    String it = c.getShardIterator(b -> b.streamName(name).shardId(FIRST).shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
    return c.getRecords(b -> b.shardIterator(it));
  }

  static List<String> text(List<software.amazon.awssdk.services.kinesis.model.Record> records) {
    return records.stream().map(r -> r.data().asUtf8String()).toList();
  }

  static void synchronous(KinesisClient c) {
    check("sync create, wait, list, delete", () -> {
      c.createStream(b -> b.streamName("made").shardCount(2));
      c.waiter().waitUntilStreamExists(b -> b.streamName("made"));
      want(c.listStreamsPaginator(b -> b.limit(1)).streamNames().stream().toList().contains("made"), "not listed");
      refused(ResourceInUseException.class, () -> c.createStream(b -> b.streamName("made").shardCount(2)));
      Instant made = c.describeStream(b -> b.streamName("made")).streamDescription().streamCreationTimestamp();
      want(Duration.between(made, Instant.now()).abs().toSeconds() < 30, made);
      c.deleteStream(b -> b.streamName("made"));
      c.waiter().waitUntilStreamNotExists(b -> b.streamName("made"));
    });
    check("sync put and read", () -> {
      String name = stream(c);
      PutRecordResponse put = c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromByteArray(new byte[] {0, -1, 1})));
      want(put.sequenceNumber().matches("49\\d{54}"), put);
      PutRecordsResponse batch = c.putRecords(b -> b.streamName(name).records(
          IntStream.range(0, 500).mapToObj(i -> PutRecordsRequestEntry.builder().partitionKey("" + i).data(SdkBytes.fromUtf8String("" + i)).build()).toList()));
      want(batch.failedRecordCount() == 0 && batch.records().size() == 500, batch);
      GetRecordsResponse page = read(c, name);
      want(Arrays.equals(page.records().get(0).data().asByteArray(), new byte[] {0, -1, 1}), page.records().get(0));
      want(text(page.records().subList(1, 501)).equals(IntStream.range(0, 500).mapToObj(i -> "" + i).toList()), "order");
      Instant arrival = page.records().get(0).approximateArrivalTimestamp();
      want(Duration.between(arrival, Instant.now()).abs().toMillis() < 5000, arrival);
      String it = c.getShardIterator(b -> b.streamName(name).shardId(FIRST).shardIteratorType(ShardIteratorType.AT_TIMESTAMP).timestamp(arrival)).shardIterator();
      want(c.getRecords(b -> b.shardIterator(it)).records().size() == 501, "AT_TIMESTAMP of the first arrival");
    });
    check("sync a split ends its parent", () -> {
      String name = stream(c);
      c.splitShard(b -> b.streamName(name).shardToSplit(FIRST).newStartingHashKey(HALF));
      settled(c, name);
      GetRecordsResponse page = read(c, name);
      want(page.nextShardIterator() == null && page.childShards().size() == 2, page);
      want(c.listShards(b -> b.streamName(name).shardFilter(f -> f.type(ShardFilterType.AT_LATEST))).shards().size() == 2, "AT_LATEST");
    });
    check("sync all iterator types find their place", () -> {
      String name = stream(c);
      String latest = iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.LATEST));
      List<String> numbers = new ArrayList<>();
      for (String data : List.of("0", "1", "2")) {
        numbers.add(c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String(data))).sequenceNumber());
      }
      want(get(c, latest).equals(List.of("0", "1", "2")) && get(c, latest).equals(List.of("0", "1", "2")), "LATEST of before the puts, twice");
      want(get(c, iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.AT_SEQUENCE_NUMBER).startingSequenceNumber(numbers.get(1)))).equals(List.of("1", "2")), "AT_SEQUENCE_NUMBER");
      want(get(c, iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER).startingSequenceNumber(numbers.get(1)))).equals(List.of("2")), "AFTER_SEQUENCE_NUMBER");
      want(get(c, iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.AT_TIMESTAMP).timestamp(Instant.now().minusSeconds(60)))).size() == 3, "AT_TIMESTAMP");
      refused(InvalidArgumentException.class, () -> iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.AT_TIMESTAMP).timestamp(Instant.now().plusSeconds(3600))));
      refused(InvalidArgumentException.class, () -> iterator(c, name, b -> b.shardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER)));
      refused(ResourceNotFoundException.class, () -> iterator(c, name, b -> b.shardId("shardId-000000000009").shardIteratorType(ShardIteratorType.LATEST)));
    });
    check("sync pages are bounded", () -> {
      String name = stream(c);
      for (int i = 0; i < 12; i++) {
        byte[] data = new byte[(1 << 20) - 1];
        Arrays.fill(data, (byte) i);
        c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromByteArray(data)));
      }
      GetRecordsResponse page = read(c, name);
      long size = page.records().stream().mapToLong(r -> r.data().asByteArrayUnsafe().length).sum();
      want(size > 0 && size <= 10 << 20 && page.millisBehindLatest() > 0, size + " bytes, " + page.millisBehindLatest() + " ms behind");
      GetRecordsResponse rest = c.getRecords(b -> b.shardIterator(page.nextShardIterator()));
      want(page.records().size() + rest.records().size() == 12 && rest.millisBehindLatest() == 0, rest.records().size());
      want(rest.records().get(rest.records().size() - 1).data().asByteArrayUnsafe()[0] == 11, "order");
    });
    check("sync batches are refused whole", () -> {
      String name = stream(c);
      PutRecordsRequestEntry one = PutRecordsRequestEntry.builder().partitionKey("a").data(SdkBytes.fromUtf8String("x")).build();
      refusedCode("ValidationException", () -> c.putRecords(b -> b.streamName(name).records(java.util.Collections.nCopies(501, one))));
      refusedCode("ValidationException", () -> c.putRecords(b -> b.streamName(name).records(one, one.toBuilder().partitionKey("k".repeat(257)).build())));
      refused(InvalidArgumentException.class, () -> c.putRecords(b -> b.streamName(name).records(one, one.toBuilder().explicitHashKey("340282366920938463463374607431768211456").build())));
      want(read(c, name).records().isEmpty(), "something is stored");
    });
    check("sync shards are merged, counted and listed", () -> {
      c.createStream(b -> b.streamName("scaled").shardCount(4));
      settled(c, "scaled");
      UpdateShardCountResponse out = c.updateShardCount(b -> b.streamName("scaled").targetShardCount(3).scalingType(ScalingType.UNIFORM_SCALING));
      want(out.currentShardCount() == 4 && out.targetShardCount() == 3, out);
      settled(c, "scaled");
      want(shards(c, f -> f.type(ShardFilterType.FROM_TRIM_HORIZON)).size() == 11, "FROM_TRIM_HORIZON");
      want(shards(c, f -> f.type(ShardFilterType.AT_LATEST)).equals(List.of(6, 9, 10)), "AT_LATEST");
      want(shards(c, f -> f.type(ShardFilterType.AT_TRIM_HORIZON)).equals(List.of(0, 1, 2, 3)), "AT_TRIM_HORIZON");
      want(shards(c, f -> f.type(ShardFilterType.AT_TIMESTAMP).timestamp(Instant.now().plusMillis(1))).equals(List.of(6, 9, 10)), "AT_TIMESTAMP");
      c.mergeShards(b -> b.streamName("scaled").shardToMerge("shardId-000000000009").adjacentShardToMerge("shardId-000000000010"));
      settled(c, "scaled");
      want(shards(c, f -> f.type(ShardFilterType.AFTER_SHARD_ID).shardId("shardId-000000000010")).equals(List.of(11)), "AFTER_SHARD_ID");
    });
    check("sync settings change", () -> {
      String name = stream(c);
      String arn = "arn:aws:kinesis:us-east-1:000000000000:stream/" + name;
      StreamDescriptionSummary brief = c.describeStreamSummary(b -> b.streamName(name)).streamDescriptionSummary();
      want(brief.streamId() == null && brief.maxRecordSizeInKiB() == 1024, brief);
      c.increaseStreamRetentionPeriod(b -> b.streamName(name).retentionPeriodHours(24));
      settled(c, name);
      refused(InvalidArgumentException.class, () -> c.increaseStreamRetentionPeriod(b -> b.streamName(name).retentionPeriodHours(8761)));
      refused(InvalidArgumentException.class, () -> c.decreaseStreamRetentionPeriod(b -> b.streamName(name).retentionPeriodHours(23)));
      c.addTagsToStream(b -> b.streamName(name).tags(java.util.Map.of("a", "1", "b", "2")));
      c.untagResource(b -> b.resourceARN(arn).tagKeys("b"));
      want(c.listTagsForStream(b -> b.streamName(name)).tags().equals(List.of(Tag.builder().key("a").value("1").build())), "tags");
      refused(KmsNotFoundException.class, () -> c.startStreamEncryption(b -> b.streamName(name).encryptionType(EncryptionType.KMS).keyId("alias/mine")));
      c.startStreamEncryption(b -> b.streamName(name).encryptionType(EncryptionType.KMS).keyId("alias/aws/kinesis"));
      settled(c, name);
      want(c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String("secret"))).encryptionType() == EncryptionType.KMS, "put");
      c.stopStreamEncryption(b -> b.streamName(name).encryptionType(EncryptionType.KMS).keyId("alias/aws/kinesis"));
      settled(c, name);
      want(text(read(c, name).records()).equals(List.of("secret")), "read");
      want(c.enableEnhancedMonitoring(b -> b.streamName(name).shardLevelMetrics(MetricsName.ALL)).desiredShardLevelMetrics().size() == 7, "monitoring");
      settled(c, name);
      c.updateMaxRecordSize(b -> b.streamARN(arn).maxRecordSizeInKiB(2048));
      settled(c, name);
      c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromByteArray(new byte[3 << 19])));
      String policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"kinesis:PutRecord\",\"Resource\":\"" + arn + "\"}]}";
      c.putResourcePolicy(b -> b.resourceARN(arn).policy(policy));
      want(c.getResourcePolicy(b -> b.resourceARN(arn)).policy().equals(policy), "policy");
      c.deleteResourcePolicy(b -> b.resourceARN(arn));
      c.updateStreamMode(b -> b.streamARN(arn).streamModeDetails(d -> d.streamMode(StreamMode.ON_DEMAND)));
      settled(c, name);
      want(c.describeLimits().onDemandStreamCount() >= 1, "limits");
      want(c.describeAccountSettings(b -> {}).minimumThroughputBillingCommitment().status() == MinimumThroughputBillingCommitmentOutputStatus.DISABLED, "account settings");
    });
    check("sync errors have their types", () -> {
      String name = stream(c);
      ResourceNotFoundException e = refused(ResourceNotFoundException.class, () -> c.describeStream(b -> b.streamName("nowhere")));
      want(e.awsErrorDetails().errorMessage().equals("Stream nowhere under account 000000000000 not found."), e);
      want(e.requestId() != null && e.statusCode() == 400, e);
      refused(InvalidArgumentException.class, () -> c.getRecords(b -> b.shardIterator("nonsense")));
      refusedCode("ValidationException", () -> c.putRecord(b -> b.streamName(name).partitionKey("k".repeat(257)).data(SdkBytes.fromUtf8String("x"))));
    });
  }

  /** A subscription whose events arrive in a queue. */
  static class Subscription {
    final BlockingQueue<SubscribeToShardEvent> events = new LinkedBlockingQueue<>();
    final CompletableFuture<Void> end;

    Subscription(KinesisAsyncClient c, String consumer, ShardIteratorType type, String number) {
      end = c.subscribeToShard(
          b -> b.consumerARN(consumer).shardId(FIRST).startingPosition(p -> p.type(type).sequenceNumber(number)),
          SubscribeToShardResponseHandler.builder().subscriber(e -> {
            if (e instanceof SubscribeToShardEvent event) events.add(event);
          }).build());
    }

    SubscribeToShardEvent next() throws Exception {
      SubscribeToShardEvent e = events.poll(10, TimeUnit.SECONDS);
      want(e != null, "no event within 10 s");
      return e;
    }
  }

  static void asynchronous(String how, KinesisClient sync, KinesisAsyncClient c) {
    check(how + " create, put, read", () -> {
      String name = stream(sync);
      want(c.listStreams().get(10, TimeUnit.SECONDS).streamNames().contains(name), "not listed");
      List<CompletableFuture<PutRecordResponse>> puts = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        String data = "" + i;
        puts.add(c.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String(data))));
      }
      for (CompletableFuture<PutRecordResponse> p : puts) p.get(10, TimeUnit.SECONDS);
      want(read(sync, name).records().size() == 50, "records");
      refused(ResourceNotFoundException.class, () -> c.describeStream(b -> b.streamName("nowhere")).get(10, TimeUnit.SECONDS));
    });
    check(how + " a consumer is pushed what is put", () -> {
      String name = stream(sync);
      String consumer = sync.registerStreamConsumer(b -> b.streamARN("arn:aws:kinesis:us-east-1:000000000000:stream/" + name).consumerName("c")).consumer().consumerARN();
      until("the consumer is ACTIVE", () -> sync.describeStreamConsumer(b -> b.consumerARN(consumer)).consumerDescription().consumerStatus() == ConsumerStatus.ACTIVE);
      sync.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String("0")));
      Subscription first = new Subscription(c, consumer, ShardIteratorType.TRIM_HORIZON, null);
      want(text(first.next().records()).equals(List.of("0")), "first event");
      refused(ResourceInUseException.class, () -> new Subscription(c, consumer, ShardIteratorType.LATEST, null).end.get(10, TimeUnit.SECONDS));
      sync.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String("1")));
      SubscribeToShardEvent second = first.next();
      want(text(second.records()).equals(List.of("1")), second);
      Instant arrival = second.records().get(0).approximateArrivalTimestamp();
      want(Duration.between(arrival, Instant.now()).abs().toMillis() < 5000, arrival);
      SubscribeToShardEvent idle = first.next();
      want(idle.records().isEmpty() && idle.continuationSequenceNumber() != null, idle);
      // The first is 5 s old: another one takes over, from where it left off.
      sync.putRecord(b -> b.streamName(name).partitionKey("a").data(SdkBytes.fromUtf8String("2")));
      want(text(first.next().records()).equals(List.of("2")), "third event");
      Subscription other = new Subscription(c, consumer, ShardIteratorType.AFTER_SEQUENCE_NUMBER, second.continuationSequenceNumber());
      want(text(other.next().records()).equals(List.of("2")), "after the continuation");
      refused(ResourceInUseException.class, () -> {
        first.end.get(10, TimeUnit.SECONDS);
        return null;
      });
      sync.splitShard(b -> b.streamName(name).shardToSplit(FIRST).newStartingHashKey(HALF));
      SubscribeToShardEvent last = other.next();
      while (last.continuationSequenceNumber() != null) last = other.next();
      want(last.childShards().size() == 2, last);
      other.end.get(10, TimeUnit.SECONDS);
    });
  }

  /** Trust in the authority of the server alone. */
  static TrustManagerFactory trust() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null);
    try (InputStream in = Files.newInputStream(Path.of(System.getenv("CA_FILE")))) {
      store.setCertificateEntry("millrace", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    f.init(store);
    return f;
  }

  public static void main(String[] args) throws Exception {
    TrustManagerFactory trust = trust();
    KinesisClient sync = KinesisClient.create();
    synchronous(sync);
    asynchronous("async", sync, KinesisAsyncClient.create());
    asynchronous("async over TLS without ALPN", sync, KinesisAsyncClient.builder()
        .endpointOverride(URI.create(System.getenv("TLS_ENDPOINT")))
        .httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP2).tlsTrustManagersProvider(trust::getTrustManagers))
        .build());
    System.out.println("done");
    System.exit(0);
  }
}
