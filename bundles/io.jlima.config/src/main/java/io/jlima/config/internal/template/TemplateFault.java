// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

/** Why a text with variables could not be evaluated. */
public final class TemplateFault extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean refused;

    /**
     * @param refused true when the text is wrong; false when it is no template at all by the rules of Go's
     *     text/template, as with words in double braces that are meant for another program
     */
    TemplateFault(boolean refused, String message) {
        super(message);
        this.refused = refused;
    }

    /** Whether the file must be refused; otherwise the text is to be kept as it is. */
    public boolean isRefused() {
        return refused;
    }
}
