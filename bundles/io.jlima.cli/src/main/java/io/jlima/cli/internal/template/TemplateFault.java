// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

/** Something in a template, or in its meeting with the data, is not as it should be. */
final class TemplateFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TemplateFault(String message) {
        super(message);
    }
}
