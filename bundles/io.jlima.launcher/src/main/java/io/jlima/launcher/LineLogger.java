// SPDX-License-Identifier: Apache-2.0
package io.jlima.launcher;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** Writes {@code time level logger - message} lines. The level is set by the system property {@code jlima.log}. */
final class LineLogger extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1L;

    /** The daemon's own standard error: the Gogo shell puts its consoles in place of System.err. */
    private static final PrintStream LOG = new PrintStream(new FileOutputStream(FileDescriptor.err), true);

    private static final Level THRESHOLD = level(System.getProperty("jlima.log", "INFO"));

    private final transient PrintStream out;

    LineLogger(String name) {
        this(name, LOG);
    }

    LineLogger(String name, PrintStream out) {
        this.name = name;
        this.out = out;
    }

    /** The level of this name, in letters of either case; a word that is none must not keep a daemon from starting. */
    static Level level(String word) {
        return Arrays.stream(Level.values())
                .filter(level -> level.name().equalsIgnoreCase(word))
                .findFirst()
                .orElse(Level.INFO);
    }

    private boolean enabled(Level level) {
        // Apache SSHD tells each failed login try at INFO and WARN; what matters of it is reported by the callers.
        Level least = name.startsWith("org.apache.sshd") ? Level.ERROR : THRESHOLD;
        return level.toInt() >= least.toInt();
    }

    @Override
    public boolean isTraceEnabled() {
        return enabled(Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return enabled(Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return enabled(Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return enabled(Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return enabled(Level.ERROR);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String pattern,
            Object @Nullable [] arguments,
            @Nullable Throwable error) {
        String message = MessageFormatter.basicArrayFormat(pattern, arguments);
        StringWriter line = new StringWriter();
        line.append(Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
                .append(' ')
                .append(level.toString())
                .append(' ')
                .append(name.substring(name.lastIndexOf('.') + 1))
                .append(" - ")
                .append(message)
                .append('\n');
        if (error != null) {
            error.printStackTrace(new PrintWriter(line, true));
        }
        // One write per event keeps lines of different threads whole.
        out.print(line);
        out.flush();
    }
}
