// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession.FileEvent;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Numbers and forms of the protocol; docs/guest-agent-protocol.md says what they mean. */
final class Wire {
    static final int VERSION = 1;
    static final int HEADER = 8;
    static final int MAX_BODY = 65535;
    static final int TRAILER = 4;

    /** Longer than any frame, so that an agent that waits for the rest of a torn one gets past it. */
    static final int PREAMBLE = HEADER + MAX_BODY + TRAILER + 2;

    static final int RECORD = 32;
    static final int HELLO = 1;
    static final int ANSWER = 2;
    static final int AWAKE = 3;

    /** Data goes in pieces of this size, so that streams take turns. */
    static final int PIECE = 32768;

    /** Largest content of a UDP datagram over IPv4. */
    static final int MAX_DATAGRAM = 65507;

    static final int OPEN = 1;
    static final int DATA = 2;
    static final int CREDIT = 3;
    static final int FIN = 4;
    static final int RESET = 5;
    static final int LISTEN = 6;
    static final int UNLISTEN = 7;
    static final int CLOCK = 8;
    static final int TOUCH = 9;
    static final int PING = 10;
    static final int OPENED = 11;
    static final int ACCEPTED = 12;
    static final int LISTENING = 13;
    static final int PORTS = 14;
    static final int SYNCED = 15;
    static final int STAGE = 16;
    static final int PONG = 17;
    static final int CLOCKED = 18;
    static final int REMARK = 19;

    /** Bytes of one entry of a PORTS frame. */
    static final int PORT_ENTRY = 21;

    private static final byte[] MAGIC = {(byte) 0xf5, 'J', 'L', 'I', 'M', 'A', 'G', 'A'};
    private static final byte[] ENDING = {'E', 'N', 'D', (byte) 0xfa};
    private static final int LONGEST_PATH = 107;

    private static final int LONGEST_FILE = 4095;
    private static final int SHOW_CONTENT = 3;
    private static final int SHOW_ATTRIBUTES = 4;
    private static final int SHOW_BY_SIGN = 0x80;

    private Wire() {}

    /**
     * Body of a TOUCH.
     *
     * @throws IOException when no guest has such a path
     */
    static byte[] touch(FileEvent event) throws IOException {
        byte[] point = event.mountPoint().getBytes(StandardCharsets.UTF_8);
        byte[] path = event.path().getBytes(StandardCharsets.UTF_8);
        if (point.length == 0 || point[0] != '/' || point.length > LONGEST_FILE || path.length > LONGEST_FILE) {
            throw new IOException("no guest has a path " + event.path() + " below " + event.mountPoint());
        }
        int kind = switch (event.change()) {
            case CONTENT -> SHOW_CONTENT;
            case ATTRIBUTES -> SHOW_ATTRIBUTES;
        };
        return ByteBuffer.allocate(15 + point.length + path.length)
                .put((byte) (event.sign() ? kind | SHOW_BY_SIGN : kind))
                .putLong(event.time().getEpochSecond())
                .putInt(event.time().getNano())
                .putShort((short) point.length)
                .put(point)
                .put(path)
                .array();
    }

    /** The record that begins a session. */
    static ByteBuffer record(int kind, long nonce) {
        return ByteBuffer.allocate(RECORD)
                .put(MAGIC)
                .put((byte) kind)
                .put((byte) VERSION)
                .put((byte) VERSION)
                .put((byte) 0)
                .putLong(nonce)
                .putLong(0)
                .put(ENDING)
                .flip();
    }

    /** Whether a record begins there. */
    static boolean isRecord(ByteBuffer buffer, int at) {
        if (!mayBeRecord(buffer, at)) {
            return false;
        }
        for (int i = 0; i < ENDING.length; i++) {
            if (buffer.get(at + RECORD - ENDING.length + i) != ENDING[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether the bytes that there are from there on, up to the first eight, are those of a record. */
    static boolean mayBeRecord(ByteBuffer buffer, int at) {
        for (int i = 0; i < MAGIC.length && at + i < buffer.limit(); i++) {
            if (buffer.get(at + i) != MAGIC[i]) {
                return false;
            }
        }
        return true;
    }

    /** An address as frames have it. */
    static byte[] address(GuestAddress address) throws IOException {
        if (address.protocol() == Protocol.UNIX) {
            byte[] path = address.host().getBytes(StandardCharsets.UTF_8);
            if (path.length > LONGEST_PATH || path.length == 0 || path[0] != '/') {
                throw new IOException("no socket can have the path " + address.host());
            }
            return ByteBuffer.allocate(4 + path.length)
                    .put((byte) 3)
                    .put((byte) 0)
                    .putShort((short) 0)
                    .put(path)
                    .array();
        }
        byte[] ip;
        try {
            ip = InetAddress.ofLiteral(address.host()).getAddress();
        } catch (IllegalArgumentException e) {
            throw new IOException(address.host() + " is not an IP address", e);
        }
        return ByteBuffer.allocate(4 + ip.length)
                .put((byte) (address.protocol() == Protocol.TCP ? 1 : 2))
                .put((byte) (ip.length == 4 ? 4 : 6))
                .putShort((short) address.port())
                .put(ip)
                .array();
    }

    /**
     * The rest of an entry of a PORTS frame.
     *
     * @throws ProtocolException when it is none
     */
    static GuestAddress portEntry(ByteBuffer body) throws ProtocolException {
        int transport = body.get();
        int port = Short.toUnsignedInt(body.getShort());
        int family = body.get();
        byte[] bytes = new byte[16];
        body.get(bytes);
        if ((transport != 1 && transport != 2) || (family != 4 && family != 6)) {
            throw new ProtocolException("an address of kind " + transport + "/" + family);
        }
        String host = text(family == 4 ? java.util.Arrays.copyOf(bytes, 4) : bytes);
        return new GuestAddress(transport == 1 ? Protocol.TCP : Protocol.UDP, host, port);
    }

    /** An IP address in its shortest usual form; RFC 5952 for IPv6. */
    static String text(byte[] ip) {
        if (ip.length == 16) {
            return Ipv6Text.of(ip);
        }
        try {
            return InetAddress.getByAddress(ip).getHostAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
