// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.guest.GuestWords;
import java.io.PrintStream;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Messages for one caller on its standard error, in the forms that limactl's users and scripts know: coloured on a
 * terminal, {@code time=… level=… msg="…"} elsewhere, or JSON. Progress is a bar on a terminal and a few plain lines
 * elsewhere.
 */
final class LogLines implements Progress {
    /** Order is that of importance. */
    enum Level {
        DEBUG("debug", "DEBU", 37),
        INFO("info", "INFO", 36),
        WARN("warning", "WARN", 33),
        ERROR("error", "ERRO", 31),
        FATAL("fatal", "FATA", 31);

        private final String word;
        private final String shortWord;
        private final int colour;

        Level(String word, String shortWord, int colour) {
            this.word = word;
            this.shortWord = shortWord;
            this.colour = colour;
        }

        static Level of(String word) {
            return switch (word.toLowerCase(Locale.ROOT)) {
                case "trace", "debug" -> DEBUG;
                case "info" -> INFO;
                case "warn", "warning" -> WARN;
                case "error" -> ERROR;
                case "fatal", "panic" -> FATAL;
                default ->
                    throw new LimaException(
                            "not a valid log level: `" + word + "`", "Use trace, debug, info, warn, error or fatal");
            };
        }
    }

    /** Between two plain lines about the same piece of work: enough to see that it lives, few enough for a log. */
    private static final long PLAIN_INTERVAL = 10_000_000_000L;

    private final Caller caller;
    private final PrintStream err;
    private final boolean terminal;
    private final boolean colour;
    private final boolean json;
    private final Level least;
    private final ZoneId zone;
    private final @Nullable LiveLine live;
    private final long start = System.nanoTime();
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    LogLines(Caller caller, CommandLine line) {
        String format = line.value("log-format").orElse("text");
        if (!format.equals("text") && !format.equals("json")) {
            throw new LimaException("unsupported log-format: `" + format + "`", "Use text or json");
        }
        this.caller = caller;
        this.err = caller.err();
        this.json = format.equals("json");
        this.terminal = caller.streams().errTerminal() && !json;
        this.colour = terminal && caller.environment().variable("NO_COLOR").isEmpty();
        this.least = line.value("log-level").map(Level::of).orElse(line.has("debug") ? Level.DEBUG : Level.INFO);
        boolean quiet =
                line.has("yes") || line.value("tty").filter("false"::equals).isPresent();
        int columns = caller.streams().columns() > 0 ? caller.streams().columns() : 80;
        this.live = terminal && !quiet && least.compareTo(Level.INFO) <= 0
                ? new LiveLine(err, columns, colour, speaksUnicode(caller), lock)
                : null;
        // The daemon may live in another zone than its caller.
        this.zone = caller.environment()
                .variable("TZ")
                .map(tz -> TimeZone.getTimeZone(tz).toZoneId())
                .orElse(ZoneId.systemDefault());
    }

    /** locale(7): the first of these that is set decides. */
    private static boolean speaksUnicode(Caller caller) {
        for (String name : List.of("LC_ALL", "LC_CTYPE", "LANG")) {
            String value = caller.environment().variable(name).orElse("");
            if (!value.isEmpty()) {
                return value.toLowerCase(Locale.ROOT).matches(".*utf-?8.*");
            }
        }
        return false;
    }

    /** JSON keeps what was said; all else may get to a terminal in the end. */
    void line(Level level, String said) {
        if (level.compareTo(least) < 0) {
            return;
        }
        String message = json ? said : GuestWords.plain(said);
        String text;
        if (json) {
            text = "{\"level\":\"" + level.word + "\",\"msg\":" + Json.quote(message) + ",\"time\":\"" + now()
                    + "\"}\n";
        } else if (terminal) {
            String label = colour ? "\u001b[" + level.colour + "m" + level.shortWord + "\u001b[0m" : level.shortWord;
            text = String.format(
                    Locale.ROOT, "%s[%04d] %s%n", label, (System.nanoTime() - start) / 1_000_000_000L, message);
        } else {
            // What has several lines is meant to be read as such.
            int end = message.indexOf('\n');
            String first = end < 0 ? message : message.substring(0, end);
            text = "time=\"" + now() + "\" level=" + level.word + " msg=" + quote(first) + "\n"
                    + (end < 0 ? "" : message.substring(end + 1).strip().indent(2));
        }
        print(text);
    }

    /** An error for people, as lines that can be read: what happened, the evidence indented, the remedy. */
    void error(LimaException error) {
        line(Level.FATAL, error.what());
        String evidence = error.evidence();
        if (!json && evidence != null && !evidence.isBlank()) {
            print(GuestWords.plain(evidence.strip()).indent(2));
        } else if (evidence != null && !evidence.isBlank()) {
            line(Level.ERROR, evidence);
        }
        String remedy = error.remedy();
        if (remedy != null && !remedy.isBlank()) {
            if (json) {
                line(Level.INFO, remedy);
            } else {
                print("Hint: " + GuestWords.plain(remedy.strip()) + "\n");
            }
        }
    }

    private void print(String text) {
        lock.lock();
        try {
            if (live != null) {
                live.erase();
            }
            err.print(text);
            if (live != null) {
                live.draw();
            }
            err.flush();
        } finally {
            lock.unlock();
        }
    }

    private String now() {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(
                OffsetDateTime.ofInstant(Instant.now(), zone).truncatedTo(ChronoUnit.SECONDS));
    }

    /** Bare when nothing in it needs quotes, else quoted as Go does; scripts compare these lines. */
    static String quote(String text) {
        boolean bare = text.chars()
                .allMatch(c -> c >= 'a' && c <= 'z'
                        || c >= 'A' && c <= 'Z'
                        || c >= '0' && c <= '9'
                        || "._/@^+-".indexOf(c) >= 0);
        return bare ? text : Json.quote(text);
    }

    /**
     * Whoever reports progress takes its time, so an interrupt should end it in an orderly way. A warning is no
     * progress: the commands that only answer should not pay for this.
     */
    private void takesTime() {
        caller.catchSignals();
    }

    @Override
    public void info(String message) {
        takesTime();
        line(Level.INFO, message);
    }

    /** Each warning once: making an instance and starting it find the same things worth one. */
    @Override
    public void warn(String message) {
        if (warned.add(message)) {
            line(Level.WARN, message);
        }
    }

    @Override
    public Task begin(String title, long total) {
        takesTime();
        if (live != null) {
            return live.begin(title, total);
        }
        line(Level.INFO, title);
        return new Work(title, total);
    }

    /** A piece of work where there is no terminal to draw on: a few lines. */
    private final class Work implements Task {
        private final String title;
        private final long total;
        private final long begun = System.nanoTime();
        private long told = begun;
        private long done = -1;
        private String note = "";

        Work(String title, long total) {
            this.title = title;
            this.total = total;
        }

        @Override
        public synchronized void advance(long bytes) {
            done = bytes;
            tell();
        }

        @Override
        public synchronized void note(String text) {
            note = text;
            tell();
        }

        private void tell() {
            long now = System.nanoTime();
            if (now - told >= PLAIN_INTERVAL) {
                told = now;
                line(Level.INFO, title + "  " + state(now));
            }
        }

        private String state(long now) {
            double seconds = Math.max(0.001, (now - begun) / 1e9);
            if (done < 0) {
                return String.format(Locale.ROOT, "%.0f s  %s", seconds, note);
            }
            double rate = done / seconds;
            String text = Sizes.text(done) + (total > 0 ? " of " + Sizes.text(total) : "") + ", "
                    + Sizes.text((long) rate) + "/s";
            if (total > 0 && rate > 0) {
                text = String.format(
                        Locale.ROOT, "%3d%%  %s, %.0f s left", 100 * done / total, text, (total - done) / rate);
            }
            return text + (note.isEmpty() ? "" : "  " + note);
        }

        @Override
        public void close() {
            // What was said stays.
        }
    }
}
