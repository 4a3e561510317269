// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress.Protocol;
import java.net.InetAddress;

/**
 * Where the host listens.
 *
 * @param host address; the path for a unix socket
 * @param port 0 for a unix socket
 */
record HostAddress(Protocol protocol, String host, int port) {
    static HostAddress unix(String path) {
        return new HostAddress(Protocol.UNIX, path, 0);
    }

    /** Whether two programs that want these addresses are in each other's way. */
    boolean overlaps(HostAddress other) {
        if (protocol != other.protocol || port != other.port) {
            return false;
        }
        return host.equals(other.host)
                || protocol != Protocol.UNIX && (Addresses.isWildcard(host) || Addresses.isWildcard(other.host));
    }

    /** The address as a socket takes it. */
    InetAddress inet() {
        return InetAddress.ofLiteral(host);
    }

    /** {@code 127.0.0.1:80}, {@code [::1]:80} or a path. */
    @Override
    public String toString() {
        return protocol == Protocol.UNIX ? host : Addresses.joined(host, port);
    }
}
