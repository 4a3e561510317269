// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

/**
 * A socket's address in a guest.
 *
 * @param host IPv4 or IPv6 address as text, in its shortest usual form; the path for {@link Protocol#UNIX}
 * @param port 0 for {@link Protocol#UNIX}
 */
public record GuestAddress(Protocol protocol, String host, int port) {
    /** What kind of socket it is. */
    public enum Protocol {
        TCP,
        UDP,
        UNIX
    }

    /** A TCP port. */
    public static GuestAddress tcp(String host, int port) {
        return new GuestAddress(Protocol.TCP, host, port);
    }

    /** A UDP port. */
    public static GuestAddress udp(String host, int port) {
        return new GuestAddress(Protocol.UDP, host, port);
    }

    /** A unix stream socket. */
    public static GuestAddress unix(String path) {
        return new GuestAddress(Protocol.UNIX, path, 0);
    }

    /** For messages: {@code tcp 127.0.0.1:80}, {@code udp [::]:53}, {@code unix /run/x.sock}. */
    @Override
    public String toString() {
        return switch (protocol) {
            case UNIX -> "unix " + host;
            case TCP, UDP ->
                (protocol == Protocol.TCP ? "tcp " : "udp ")
                        + (host.contains(":") ? "[" + host + "]" : host)
                        + ":"
                        + port;
        };
    }
}
