import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.batchmanager.SqsAsyncBatchManager;
import software.amazon.awssdk.services.sqs.model.*;

/**
 * The Java SDK's clients of SQS against Millrace, synchronous, asynchronous and batching, with their checks of MD5s: prints
 * "ok NAME" or "not ok NAME: why" for each check.
 */
public class Queues extends Checks {
  static final String MISSING = System.getenv("AWS_ENDPOINT_URL") + "/000000000000/nowhere";
  static int queues;

  static String queue(SqsClient c, Map<QueueAttributeName, String> attributes) {
    String name = "java" + queues++ + (attributes.containsKey(QueueAttributeName.FIFO_QUEUE) ? ".fifo" : "");
    return c.createQueue(b -> b.queueName(name).attributes(attributes)).queueUrl();
  }

  static List<Message> receive(SqsClient c, String url, Consumer<ReceiveMessageRequest.Builder> more) {
    return c.receiveMessage(b -> more.accept(b.queueUrl(url).maxNumberOfMessages(10))).messages();
  }

  static List<String> bodies(List<Message> messages) {
    return messages.stream().map(Message::body).toList();
  }

  /** The messages of a queue: visible, in flight, delayed. */
  static List<String> counts(SqsClient c, String url) {
    Map<QueueAttributeName, String> a = c.getQueueAttributes(b -> b.queueUrl(url).attributeNames(QueueAttributeName.ALL)).attributes();
    return List.of(a.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES), a.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE),
        a.get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_DELAYED));
  }

  static MessageAttributeValue text(String type, String value) {
    return MessageAttributeValue.builder().dataType(type).stringValue(value).build();
  }

  static void synchronous(SqsClient c) {
    check("errors have classes and codes", () -> {
      QueueDoesNotExistException e = refused(QueueDoesNotExistException.class, () -> c.sendMessage(b -> b.queueUrl(MISSING).messageBody("x")));
      AwsErrorDetails d = e.awsErrorDetails();
      want(d.errorCode().equals("AWS.SimpleQueueService.NonExistentQueue") && d.errorMessage().equals("The specified queue does not exist."), d);
      want(e.statusCode() == 400 && e.requestId() != null, e);
      String url = queue(c, Map.of());
      want(refused(ReceiptHandleIsInvalidException.class, () -> c.deleteMessage(b -> b.queueUrl(url).receiptHandle("garbage"))).statusCode() == 404, "status");
      refused(EmptyBatchRequestException.class, () -> c.sendMessageBatch(b -> b.queueUrl(url).entries(List.of())));
      refused(InvalidAttributeNameException.class, () -> c.setQueueAttributes(b -> b.queueUrl(url).attributesWithStrings(Map.of("Foobar", "1"))));
      SqsException unmodelled = refused(SqsException.class, () -> receive(c, url, b -> b.maxNumberOfMessages(11)));
      want(unmodelled.awsErrorDetails().errorCode().equals("InvalidParameterValue"), unmodelled);
    });
    check("messages come back as they were sent", () -> {
      String url = queue(c, Map.of());
      String body = "{\"a\":\"b\"}\r\n \u2028 \uD83D\uDE00";
      Map<String, MessageAttributeValue> attributes = new TreeMap<>(Map.of("s", text("String", "é"), "n", text("Number.int", "42"), "flag", text("Number.Boolean", "1"),
          "b", MessageAttributeValue.builder().dataType("Binary").binaryValue(SdkBytes.fromByteArray(new byte[] {0, -1, 1})).build()));
      SendMessageResponse sent = c.sendMessage(b -> b.queueUrl(url).messageBody(body).messageAttributes(attributes));
      Message m = receive(c, url, b -> b.visibilityTimeout(0).messageAttributeNames("All").messageSystemAttributeNames(MessageSystemAttributeName.ALL)).get(0);
      want(m.body().equals(body) && m.messageId().equals(sent.messageId()) && new TreeMap<>(m.messageAttributes()).equals(attributes), m);
      want(m.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT).equals("1"), m.attributes());
      Message one = receive(c, url, b -> b.messageAttributeNames("n")).get(0);
      want(one.messageAttributes().keySet().equals(Set.of("n")), one);
      c.changeMessageVisibility(b -> b.queueUrl(url).receiptHandle(one.receiptHandle()).visibilityTimeout(60));
      want(counts(c, url).equals(List.of("0", "1", "0")), counts(c, url));
      c.deleteMessage(b -> b.queueUrl(url).receiptHandle(one.receiptHandle()));
      want(counts(c, url).equals(List.of("0", "0", "0")), counts(c, url));
    });
    check("batches fail entry by entry", () -> {
      String url = queue(c, Map.of(QueueAttributeName.MAXIMUM_MESSAGE_SIZE, "1024"));
      SendMessageBatchResponse out = c.sendMessageBatch(b -> b.queueUrl(url).entries(e -> e.id("good").messageBody("x"), e -> e.id("bad").messageBody("x".repeat(1025))));
      want(out.successful().size() == 1 && out.failed().get(0).code().equals("InvalidParameterValue") && out.failed().get(0).senderFault(), out);
      Message m = receive(c, url, b -> {}).get(0);
      DeleteMessageBatchResponse gone = c.deleteMessageBatch(b -> b.queueUrl(url).entries(e -> e.id("1").receiptHandle(m.receiptHandle()), e -> e.id("2").receiptHandle("garbage")));
      want(gone.successful().size() == 1 && gone.failed().get(0).code().equals("ReceiptHandleIsInvalid"), gone);
    });
    check("queues are paged", () -> {
      for (int i = 0; i < 5; i++) {
        String name = "page-" + i;
        c.createQueue(b -> b.queueName(name));
      }
      want(c.listQueuesPaginator(b -> b.queueNamePrefix("page-").maxResults(2)).queueUrls().stream().count() == 5, "queues");
    });
    check("FIFO queues keep order", () -> {
      String url = queue(c, Map.of(QueueAttributeName.FIFO_QUEUE, "true", QueueAttributeName.CONTENT_BASED_DEDUPLICATION, "true"));
      List<String> numbers = new ArrayList<>();
      for (String body : List.of("a", "b", "a", "c")) {
        numbers.add(c.sendMessage(b -> b.queueUrl(url).messageBody(body).messageGroupId("g")).sequenceNumber());
      }
      want(numbers.get(0).equals(numbers.get(2)) && numbers.get(0).compareTo(numbers.get(1)) < 0, numbers);
      want(bodies(receive(c, url, b -> {})).equals(List.of("a", "b", "c")), "order");
      want(receive(c, url, b -> {}).isEmpty(), "the group is not locked");
    });
    check("settings, tags and permissions change", () -> {
      String url = queue(c, Map.of());
      c.tagQueue(b -> b.queueUrl(url).tags(Map.of("a", "1", "b", "2")));
      c.untagQueue(b -> b.queueUrl(url).tagKeys("a"));
      want(c.listQueueTags(b -> b.queueUrl(url)).tags().equals(Map.of("b", "2")), "tags");
      c.setQueueAttributes(b -> b.queueUrl(url).attributes(Map.of(QueueAttributeName.DELAY_SECONDS, "900")));
      c.sendMessage(b -> b.queueUrl(url).messageBody("x"));
      want(counts(c, url).equals(List.of("0", "0", "1")), counts(c, url));
      c.purgeQueue(b -> b.queueUrl(url));
      want(counts(c, url).equals(List.of("0", "0", "0")), counts(c, url));
      c.addPermission(b -> b.queueUrl(url).label("L").awsAccountIds("111122223333").actions("SendMessage"));
      c.removePermission(b -> b.queueUrl(url).label("L"));
      c.deleteQueue(b -> b.queueUrl(url));
      String name = url.substring(url.lastIndexOf('/') + 1);
      refused(QueueDoesNotExistException.class, () -> c.getQueueUrl(b -> b.queueName(name)));
    });
    check("dead letters are moved and brought back", () -> {
      String dead = queue(c, Map.of());
      String arn = c.getQueueAttributes(b -> b.queueUrl(dead).attributeNames(QueueAttributeName.QUEUE_ARN)).attributes().get(QueueAttributeName.QUEUE_ARN);
      String url = queue(c, Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "0", QueueAttributeName.REDRIVE_POLICY, "{\"deadLetterTargetArn\":\"" + arn + "\",\"maxReceiveCount\":1}"));
      c.sendMessage(b -> b.queueUrl(url).messageBody("x"));
      until("the message is dead", () -> {
        receive(c, url, b -> {});
        return counts(c, dead).equals(List.of("1", "0", "0"));
      });
      want(c.listDeadLetterSourceQueuesPaginator(b -> b.queueUrl(dead)).queueUrls().stream().toList().equals(List.of(url)), "sources");
      c.startMessageMoveTask(b -> b.sourceArn(arn));
      until("the task is over", () -> c.listMessageMoveTasks(b -> b.sourceArn(arn)).results().get(0).status().equals("COMPLETED"));
      want(counts(c, url).equals(List.of("1", "0", "0")), counts(c, url));
      refused(ResourceNotFoundException.class, () -> c.startMessageMoveTask(b -> b.sourceArn(arn + "x")));
    });
  }

  static void asynchronous(SqsClient sync, SqsAsyncClient c) {
    check("async sends, receives and deletions", () -> {
      String url = queue(sync, Map.of());
      CompletableFuture<ReceiveMessageResponse> waiting = c.receiveMessage(b -> b.queueUrl(url).waitTimeSeconds(20));
      c.sendMessage(b -> b.queueUrl(url).messageBody("first")).get(10, TimeUnit.SECONDS);
      Message m = waiting.get(10, TimeUnit.SECONDS).messages().get(0);
      c.deleteMessage(b -> b.queueUrl(url).receiptHandle(m.receiptHandle())).get(10, TimeUnit.SECONDS);
      List<CompletableFuture<SendMessageResponse>> sends =
          IntStream.range(0, 100).mapToObj(i -> c.sendMessage(b -> b.queueUrl(url).messageBody("" + i).messageAttributes(Map.of("i", text("Number", "" + i))))).toList();
      for (CompletableFuture<SendMessageResponse> s : sends) s.get(10, TimeUnit.SECONDS);
      want(counts(sync, url).equals(List.of("100", "0", "0")), counts(sync, url));
      refused(QueueDoesNotExistException.class, () -> c.receiveMessage(b -> b.queueUrl(MISSING)).get(10, TimeUnit.SECONDS));
    });
    check("a batch manager sends, receives and deletes 1,000 messages", () -> {
      String url = queue(sync, Map.of());
      try (SqsAsyncBatchManager manager = SqsAsyncBatchManager.builder().client(c).scheduledExecutor(java.util.concurrent.Executors.newScheduledThreadPool(2))
          .overrideConfiguration(o -> o.receiveMessageMinWaitDuration(Duration.ofMillis(200))).build()) {
        List<CompletableFuture<SendMessageResponse>> sends = IntStream.range(0, 1000).mapToObj(i -> manager.sendMessage(b -> b.queueUrl(url).messageBody("" + i))).toList();
        Set<String> ids = ConcurrentHashMap.newKeySet();
        for (CompletableFuture<SendMessageResponse> s : sends) ids.add(s.get(20, TimeUnit.SECONDS).messageId());
        want(ids.size() == 1000, ids.size() + " ids");
        List<String> got = new ArrayList<>();
        List<CompletableFuture<DeleteMessageResponse>> deletions = new ArrayList<>();
        until("1,000 messages are received", () -> {
          for (Message m : manager.receiveMessage(b -> b.queueUrl(url).maxNumberOfMessages(10)).get(20, TimeUnit.SECONDS).messages()) {
            got.add(m.body());
            deletions.add(manager.deleteMessage(b -> b.queueUrl(url).receiptHandle(m.receiptHandle())));
          }
          return got.size() >= 1000;
        });
        for (CompletableFuture<DeleteMessageResponse> d : deletions) d.get(20, TimeUnit.SECONDS);
        want(got.stream().collect(Collectors.toSet()).size() == 1000 && got.size() == 1000, got.size() + " bodies");
        until("the queue is empty", () -> counts(sync, url).equals(List.of("0", "0", "0")));
        // One that is refused fails by itself.
        CompletableFuture<SendMessageResponse> bad = manager.sendMessage(b -> b.queueUrl(url).messageBody("\u0001"));
        CompletableFuture<SendMessageResponse> good = manager.sendMessage(b -> b.queueUrl(url).messageBody("good"));
        good.get(10, TimeUnit.SECONDS);
        SqsException e = refused(SqsException.class, () -> bad.get(10, TimeUnit.SECONDS));
        want(e.awsErrorDetails().errorCode().equals("InvalidMessageContents"), e);
      }
    });
  }

  public static void main(String[] args) {
    SqsClient sync = SqsClient.create();
    synchronous(sync);
    asynchronous(sync, SqsAsyncClient.create());
    System.out.println("done");
    System.exit(0);
  }
}
