// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

/** Bytes that are no DNS message. */
final class MalformedMessage extends Exception {
    private static final long serialVersionUID = 1;

    MalformedMessage(String what) {
        // Anybody in the guest can cause it, as often as he likes: no trace is kept.
        super(what, null, false, false);
    }
}
