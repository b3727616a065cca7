import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What the programs of the Java SDK have in common: each check prints "ok NAME" or "not ok NAME: why". */
class Checks {
  interface Check {
    void run() throws Exception;
  }

  static void check(String name, Check f) {
    try {
      f.run();
      System.out.println("ok " + name);
    } catch (Throwable e) {
      StackTraceElement at = Arrays.stream(e.getStackTrace()).filter(s -> !s.getClassName().contains(".") && !s.getClassName().startsWith("Checks")).findFirst().orElse(null);
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
      Throwable t = e instanceof ExecutionException || e instanceof CompletionException ? e.getCause() : e;
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
}
