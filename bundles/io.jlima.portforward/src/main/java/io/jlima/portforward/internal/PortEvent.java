// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import org.jspecify.annotations.Nullable;

/** The member {@code portForward} of an instance's event log, with Lima's names. */
final class PortEvent {
    static final String FORWARDING = "forwarding";
    static final String NOT_FORWARDING = "not-forwarding";
    static final String STOPPING = "stopping";
    static final String FAILED = "failed";

    private PortEvent() {}

    static void send(Guest guest, String type, GuestAddress from, @Nullable HostAddress to, @Nullable String error) {
        guest.event("portForward", json(type, from, to, error));
    }

    static String json(String type, GuestAddress from, @Nullable HostAddress to, @Nullable String error) {
        StringBuilder text = new StringBuilder("{\"type\":\"").append(type).append('"');
        member(text, "protocol", from.protocol() == Protocol.UDP ? "udp" : "tcp");
        member(
                text,
                "guestAddr",
                from.protocol() == Protocol.UNIX ? from.host() : Addresses.joined(from.host(), from.port()));
        if (to != null) {
            member(text, "hostAddr", to.toString());
        }
        if (error != null) {
            member(text, "error", error);
        }
        return text.append('}').toString();
    }

    private static void member(StringBuilder text, String name, String value) {
        text.append(",\"").append(name).append("\":\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append("\\u%04x".formatted((int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
