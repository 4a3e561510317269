// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.PortForwarder.Request;

/** The two sides of a request, as the transports need them. */
final class Requests {
    private Requests() {}

    static Request of(HostAddress host, GuestAddress guest, boolean reverse) {
        return new Request(host.host(), host.port(), guest, reverse);
    }

    static HostAddress host(Request request) {
        if (request.hostIsSocket()) {
            return HostAddress.unix(request.host());
        }
        Protocol protocol = request.guest().protocol() == Protocol.UDP ? Protocol.UDP : Protocol.TCP;
        return new HostAddress(protocol, request.host(), request.hostPort());
    }

    /** Where to connect, in the guest, to reach who listens there. */
    static GuestAddress reachable(GuestAddress listener) {
        if (listener.protocol() == Protocol.UNIX || !Addresses.isWildcard(listener.host())) {
            return listener;
        }
        String loopback = listener.host().contains(":") ? "::1" : "127.0.0.1";
        return new GuestAddress(listener.protocol(), loopback, listener.port());
    }
}
