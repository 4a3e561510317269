// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file on a web server; RFC 9110. A transfer that breaks off is continued where it stopped, at once and by later
 * callers, as long as the server says that the file is still the same.
 */
final class HttpOrigin implements Origin {
    private static final int MAX_ATTEMPTS = 4;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final String location;
    private final Patience patience;
    private final Storage storage;
    private final WebClient client;

    HttpOrigin(String location, WebClient client, Patience patience, Storage storage) {
        this.location = location;
        this.patience = patience;
        this.storage = storage;
        this.client = client;
    }

    @Override
    public boolean isUnchanged(CacheEntry entry) throws IOException, InterruptedException {
        try {
            WebClient.Answer now = client.ask("HEAD", location, Map.of(), patience.connect());
            now.body().close();
            if (now.status() / 100 != 2) {
                return true;
            }
            String time = entry.text("time");
            if (!time.isEmpty() && !now.header("last-modified").isEmpty()) {
                return isSameTime(time, now.header("last-modified"));
            }
            return !entry.text("etag").isEmpty() && entry.text("etag").equals(now.header("etag"));
        } catch (LimaException e) {
            return true;
        }
    }

    @Override
    public Arrival transfer(CacheEntry entry, @Nullable Digest digest, Progress progress)
            throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                Optional<Arrival> arrival = attempt(entry, digest, progress);
                if (arrival.isPresent()) {
                    return arrival.get();
                }
                if (attempt >= MAX_ATTEMPTS) {
                    throw failure("the server does not say which part of the file it sends", null);
                }
            } catch (Broken e) {
                boolean kept = !entry.validator().isEmpty();
                if (!kept || attempt >= MAX_ATTEMPTS || e.getCause() instanceof HttpTimeoutException) {
                    throw new LimaException(
                            "Cannot download %s: the connection broke off after %s%s"
                                    .formatted(
                                            location,
                                            ByteSize.text(e.done),
                                            e.total < 0 ? "" : " of " + ByteSize.text(e.total)),
                            String.valueOf(e.getMessage()),
                            kept ? "Try again: what has come is kept, and the rest is asked for." : "Try again.",
                            e);
                }
            }
        }
    }

    /** Asks once; empty when what was begun cannot be continued and has been thrown away. */
    private Optional<Arrival> attempt(CacheEntry entry, @Nullable Digest digest, Progress progress)
            throws IOException, InterruptedException, Broken {
        String validator = entry.validator();
        long have = validator.isEmpty() || !Files.exists(entry.part()) ? 0 : Files.size(entry.part());
        Map<String, String> headers = new HashMap<>();
        if (have > 0) {
            headers.put("Range", "bytes=" + have + "-");
            headers.put("If-Range", validator);
        }
        WebClient.Answer answer = ask(headers);
        try (BodyReader body = answer.body()) {
            long length = answer.headers().firstValueAsLong("content-length").orElse(-1);
            if (answer.status() == 200) {
                String now = validator(answer);
                entry.beginPart(now);
                return Optional.of(receive(answer, body, entry, length, digest, false, progress));
            }
            if (have > 0 && answer.status() == 206) {
                Matcher range = CONTENT_RANGE.matcher(answer.header("content-range"));
                String now = validator(answer);
                if (range.matches()
                        && Long.parseLong(range.group(1)) == have
                        && (now.isEmpty() || now.equals(validator))) {
                    long total = range.group(2).equals("*")
                            ? length < 0 ? -1 : have + length
                            : Long.parseLong(range.group(2));
                    return Optional.of(receive(answer, body, entry, total, digest, true, progress));
                }
            }
            // 416: what is here is longer than the file is now.
            if (have > 0 && (answer.status() == 206 || answer.status() == 416)) {
                entry.discardPart();
                return Optional.empty();
            }
            throw failure("the server answered " + answer.status(), null);
        }
    }

    private WebClient.Answer ask(Map<String, String> headers) throws InterruptedException {
        try {
            return client.ask("GET", location, headers, patience.silence());
        } catch (LimaException e) {
            throw failure(e.what(), e);
        }
    }

    private Arrival receive(
            WebClient.Answer answer,
            BodyReader body,
            CacheEntry entry,
            long total,
            @Nullable Digest digest,
            boolean continued,
            Progress progress)
            throws IOException, InterruptedException, Broken {
        MessageDigest bytes = digest == null ? null : digest.start();
        if (bytes != null && continued) {
            Digest.update(bytes, entry.part());
        }
        try (OutputFile out = OutputFile.open(storage, entry.part(), total);
                Progress.Task task = progress.begin("Downloading " + location, total)) {
            task.advance(out.position());
            for (List<ByteBuffer> pieces; (pieces = next(body, out.position(), total)) != null; ) {
                for (ByteBuffer piece : pieces) {
                    if (bytes != null) {
                        bytes.update(piece.duplicate());
                    }
                    write(piece, out, entry);
                }
                task.advance(out.position());
            }
            if (total >= 0 && out.position() != total) {
                throw new Broken(new IOException("the file has another length than announced"), out.position(), total);
            }
            out.finish();
        }
        return new Arrival(
                answer.header("last-modified"),
                answer.header("content-type"),
                answer.header("etag"),
                digest == null || bytes == null ? null : digest.finish(bytes),
                continued);
    }

    /** Writes; on a full disk, room is needed first, so that what has come is given up. */
    private static void write(ByteBuffer piece, OutputFile out, CacheEntry entry)
            throws IOException, InterruptedException {
        try {
            out.write(piece);
        } catch (LimaException e) {
            entry.discardPart();
            throw e;
        }
    }

    private static @Nullable List<ByteBuffer> next(BodyReader body, long done, long total)
            throws InterruptedException, Broken {
        try {
            return body.next();
        } catch (IOException e) {
            throw new Broken(e, done, total);
        }
    }

    /**
     * What If-Range may be asked with: an entity tag that stands for the very bytes, else the time of the last change;
     * empty when the server gives neither.
     */
    private static String validator(WebClient.Answer answer) {
        String etag = answer.header("etag");
        return etag.startsWith("\"") ? etag : answer.header("last-modified");
    }

    private static boolean isSameTime(String one, String other) {
        try {
            return DateTimeFormatter.RFC_1123_DATE_TIME
                    .parse(one, Instant::from)
                    .equals(DateTimeFormatter.RFC_1123_DATE_TIME.parse(other, Instant::from));
        } catch (DateTimeException e) {
            return one.equals(other);
        }
    }

    private LimaException failure(String why, @Nullable LimaException cause) {
        return new LimaException(
                "Cannot download " + location + ": " + why,
                cause == null ? null : cause.evidence(),
                cause == null ? null : cause.remedy(),
                cause);
    }

    @Override
    public void close() {
        client.close();
    }

    /** The body has not come to its end. */
    private static final class Broken extends Exception {
        private static final long serialVersionUID = 1L;

        private final long done;
        private final long total;

        Broken(IOException cause, long done, long total) {
            super(cause.getMessage(), cause);
            this.done = done;
            this.total = total;
        }
    }
}
