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
public class Suite {
  static final String FIRST = "shardId-000000000000";
  static final String HALF = "170141183460469231731687303715884105728";
  static int streams;

  interface Check {
    void run() throws Exception;
  }

  static void check(String name, Check f) {
    try {
      f.run();
      System.out.println("ok " + name);
    } catch (Throwable e) {
      StackTraceElement at = Arrays.stream(e.getStackTrace()).filter(s -> s.getClassName().startsWith("Suite")).findFirst().orElse(null);
      System.out.println("not ok " + name + ": " + (at + " " + e).replace('\n', ' '));
    }
  }

  static void want(boolean condition, Object got) {
    if (!condition) throw new AssertionError(String.valueOf(got));
  }

  static <E extends Exception> E refused(Class<E> type, Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (Exception e) {
      Throwable t = e instanceof java.util.concurrent.ExecutionException ? e.getCause() : e;
      if (type.isInstance(t)) return type.cast(t);
      throw e;
    }
    throw new AssertionError(type + " was expected, and the call succeeded");
  }

  static void until(String what, Callable<Boolean> condition) throws Exception {
    Instant end = Instant.now().plusSeconds(20);
    while (!condition.call()) {
      want(Instant.now().isBefore(end), "not within 20 s: " + what);
      Thread.sleep(20);
    }
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
    check("sync errors have their types", () -> {
      String name = stream(c);
      ResourceNotFoundException e = refused(ResourceNotFoundException.class, () -> c.describeStream(b -> b.streamName("nowhere")));
      want(e.awsErrorDetails().errorMessage().equals("Stream nowhere under account 000000000000 not found."), e);
      want(e.requestId() != null && e.statusCode() == 400, e);
      refused(InvalidArgumentException.class, () -> c.getRecords(b -> b.shardIterator("nonsense")));
      KinesisException v = refused(KinesisException.class, () -> c.putRecord(b -> b.streamName(name).partitionKey("k".repeat(257)).data(SdkBytes.fromUtf8String("x"))));
      want(v.awsErrorDetails().errorCode().equals("ValidationException"), v);
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
