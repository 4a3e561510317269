// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.net.InetAddress;
import java.util.Optional;

/** IP addresses in text form; never asks a name server. */
final class Addresses {
    private Addresses() {}

    /** The usual spelling of an address; empty when the text is none. */
    static Optional<String> canonical(String text) {
        try {
            // A literal without colons must have four parts: "127.1" is an address to inet_aton only.
            if (!text.contains(":") && text.chars().filter(c -> c == '.').count() != 3) {
                return Optional.empty();
            }
            if (text.contains("%") || text.contains("[")) {
                return Optional.empty();
            }
            InetAddress address = InetAddress.ofLiteral(text);
            return Optional.of(address.getAddress().length == 4 ? address.getHostAddress() : compressed(address));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static boolean isUnspecified(String address) {
        return InetAddress.ofLiteral(address).isAnyLocalAddress();
    }

    /** RFC 5952: the longest run of zero groups, the first of several, becomes two colons. */
    private static String compressed(InetAddress address) {
        byte[] bytes = address.getAddress();
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
        }
        int bestStart = -1;
        int bestLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && groups[i + length] == 0) {
                length++;
            }
            if (length > bestLength) {
                bestStart = i;
                bestLength = length;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
                continue;
            }
            if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                text.append(':');
            }
            text.append(Integer.toHexString(groups[i]));
        }
        return text.toString();
    }
}
