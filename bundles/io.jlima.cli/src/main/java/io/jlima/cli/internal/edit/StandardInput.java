// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A template that the caller feeds in instead of naming it; the word for it is {@code -}. */
public final class StandardInput {
    /** The name of such a text in messages. */
    public static final String NAME = "stdin";

    /** Lima reads no longer template than this either. */
    private static final int LONGEST = 4 << 20;

    private StandardInput() {}

    /** All of it. */
    public static String text(Invocation invocation) {
        try {
            byte[] text = invocation.in().readNBytes(LONGEST + 1);
            if (text.length > LONGEST) {
                throw new LimaException("the template on standard input is longer than 4 MiB");
            }
            return new String(text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
