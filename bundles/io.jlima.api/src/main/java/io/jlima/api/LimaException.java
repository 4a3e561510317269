// SPDX-License-Identifier: Apache-2.0
package io.jlima.api;

import org.jspecify.annotations.Nullable;

/**
 * An error for people: what happened, the evidence for it, and what to do about it.
 *
 * <p>Everything that a user can cause or mend is reported by this type; any other exception that reaches a command is
 * a fault of jlima and is logged with its stack trace. {@link #getMessage()} joins the three parts, one per line.
 */
public final class LimaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String what;
    private final @Nullable String evidence;
    private final @Nullable String remedy;

    /**
     * @param what what happened, one sentence without a final full stop
     * @param evidence the words of the program or system that failed, null if there are none
     * @param remedy what the reader can do, null if nothing is known
     * @param cause the exception behind it, null if there is none
     */
    public LimaException(String what, @Nullable String evidence, @Nullable String remedy, @Nullable Throwable cause) {
        super(join(what, evidence, remedy), cause);
        this.what = what;
        this.evidence = evidence;
        this.remedy = remedy;
    }

    /** An error that needs no evidence and has no remedy to offer. */
    public LimaException(String what) {
        this(what, null, null, null);
    }

    /** An error with a remedy. */
    public LimaException(String what, String remedy) {
        this(what, null, remedy, null);
    }

    /** An error whose evidence is another exception's message. */
    public LimaException(String what, Throwable cause) {
        this(what, cause.getMessage() == null ? cause.toString() : cause.getMessage(), null, cause);
    }

    /** What happened. */
    public String what() {
        return what;
    }

    /** The failing program's own words, or null. */
    public @Nullable String evidence() {
        return evidence;
    }

    /** What to do, or null. */
    public @Nullable String remedy() {
        return remedy;
    }

    private static String join(String what, @Nullable String evidence, @Nullable String remedy) {
        StringBuilder text = new StringBuilder(what);
        if (evidence != null && !evidence.isBlank()) {
            text.append('\n').append(evidence.strip());
        }
        if (remedy != null && !remedy.isBlank()) {
            text.append('\n').append(remedy.strip());
        }
        return text.toString();
    }
}
