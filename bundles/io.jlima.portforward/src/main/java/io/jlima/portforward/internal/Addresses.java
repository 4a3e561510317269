// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import java.net.InetAddress;

/** Addresses as text. */
final class Addresses {
    private Addresses() {}

    /** The one form that stands for all ways to write an address; an IPv4 address in IPv6 clothes is IPv4. */
    static String plain(String address) {
        try {
            InetAddress parsed = InetAddress.ofLiteral(address);
            if (parsed.isAnyLocalAddress()) {
                return parsed.getAddress().length == 4 ? "0.0.0.0" : "::";
            }
            return parsed.isLoopbackAddress() && parsed.getAddress().length == 16 ? "::1" : parsed.getHostAddress();
        } catch (IllegalArgumentException e) {
            // With the name of an interface of the guest's; nothing but itself is equal to it.
            return address;
        }
    }

    static boolean isWildcard(String address) {
        String plain = plain(address);
        return plain.equals("0.0.0.0") || plain.equals("::");
    }

    static String joined(String host, int port) {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
