// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A name server on the host's loopback, by datagrams and by streams at one port, that knows one name of each type under
 * {@code .example}; and what its messages look like (RFC 1035, section 4).
 */
final class NameServer implements AutoCloseable {
    /** Types and their numbers, by RFC 1035, 2782 and 3596; the last one is for private use (RFC 6895). */
    private static final Map<String, Integer> TYPES = Map.of(
            "a", 1, "ns", 2, "cname", 5, "ptr", 12, "mx", 15, "txt", 16, "aaaa", 28, "srv", 33, "private", 65_280);

    /** Has more text than a datagram takes. */
    static final String LONG = "long.up.example";

    static final int NO_SUCH_NAME = 3;
    static final int SERVER_FAILURE = 2;
    private static final int HEADER = 12;
    private static final int SHORT = 512;
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final DatagramSocket datagrams;
    private final ServerSocket streams;
    private final Set<String> asked = ConcurrentHashMap.newKeySet();

    private NameServer(DatagramSocket datagrams, ServerSocket streams) {
        this.datagrams = datagrams;
        this.streams = streams;
        Thread.ofVirtual().start(this::serveDatagrams);
        Thread.ofVirtual().start(this::serveStreams);
    }

    static NameServer open() throws IOException {
        while (true) {
            ServerSocket streams = new ServerSocket(0, 50, LOOPBACK);
            try {
                return new NameServer(
                        new DatagramSocket(new InetSocketAddress(LOOPBACK, streams.getLocalPort())), streams);
            } catch (SocketException e) {
                // Somebody has the same number for datagrams; the next one will do.
                streams.close();
            }
        }
    }

    /** Names of the types, of which each begins the name of a record. */
    static List<String> types() {
        return List.copyOf(TYPES.keySet());
    }

    /** The number of a type. */
    static int type(String name) {
        return Objects.requireNonNull(TYPES.get(name), name);
    }

    /** The line of resolv.conf that leads here. */
    String line() {
        return "nameserver [127.0.0.1]:" + streams.getLocalPort() + "\n";
    }

    /** Whether it was asked for this name. */
    boolean wasAsked(String name) {
        return asked.stream().anyMatch(question -> question.startsWith(name + " "));
    }

    private void serveDatagrams() {
        byte[] buffer = new byte[SHORT];
        while (!datagrams.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                datagrams.receive(packet);
                byte[] query = Arrays.copyOf(buffer, packet.getLength());
                asked.add(question(query));
                byte[] answer = answer(query);
                if (answer.length > SHORT) {
                    answer = Arrays.copyOf(answer, questionEnd(answer));
                    answer[2] |= 2;
                    answer[7] = 0;
                }
                datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            } catch (IOException e) {
                if (!datagrams.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void serveStreams() {
        while (!streams.isClosed()) {
            try (Socket socket = streams.accept()) {
                byte[] query = new byte[new DataInputStream(socket.getInputStream()).readUnsignedShort()];
                new DataInputStream(socket.getInputStream()).readFully(query);
                asked.add(question(query));
                byte[] answer = answer(query);
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                out.write(ByteBuffer.allocate(2 + answer.length)
                        .putShort((short) answer.length)
                        .put(answer)
                        .array());
            } catch (IOException e) {
                if (!streams.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    static byte[] query(int id, String name, int type) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) (id >> 8), (byte) id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        out.writeBytes(name(name));
        out.writeBytes(new byte[] {(byte) (type >> 8), (byte) type, 0, 1});
        return out.toByteArray();
    }

    private static byte[] name(String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.write(0);
        return out.toByteArray();
    }

    private static byte[] numbered(String name, int... numbers) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int number : numbers) {
            out.write(number >> 8);
            out.write(number);
        }
        out.writeBytes(name(name));
        return out.toByteArray();
    }

    private static int questionEnd(byte[] message) {
        int at = HEADER;
        while (message[at] != 0) {
            at += 1 + message[at];
        }
        return at + 5;
    }

    /** Name and type of a question, for example {@code mx.up.example 15}. */
    private static String question(byte[] query) {
        StringBuilder name = new StringBuilder();
        int at = HEADER;
        while (query[at] != 0) {
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII));
            at += 1 + query[at];
        }
        return name + " " + ((query[at + 1] & 0xff) << 8 | query[at + 2] & 0xff);
    }

    private static Map<String, byte[]> zone() {
        Map<String, byte[]> zone = new TreeMap<>();
        byte[] text = new byte[201];
        Arrays.fill(text, (byte) 'x');
        text[0] = (byte) 200;
        byte[] ipv6 = new byte[16];
        ipv6[0] = 0x20;
        ipv6[15] = 7;
        Map.of(
                        "a", new byte[] {10, 99, 0, 7},
                        "ns", name("ns.up.example"),
                        "cname", name("a.up.example"),
                        "ptr", name("pointed.up.example"),
                        "mx", numbered("mail.up.example", 10),
                        "txt", text,
                        "aaaa", ipv6,
                        "srv", numbered("a.up.example", 1, 2, 5060),
                        "private", new byte[] {1, 2, 3, 4, 5})
                .forEach((type, data) -> zone.put(type + ".up.example " + type(type), data));
        zone.put(LONG + " " + type("txt"), text);
        return zone;
    }

    /** The whole answer to a question, as a stream carries it. */
    static byte[] answer(byte[] query) {
        String question = question(query);
        byte[] data = zone().get(question);
        int records = data == null ? 0 : question.startsWith(LONG) ? 20 : 1;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(query, 0, 2);
        out.writeBytes(new byte[] {(byte) 0x81, (byte) (data == null ? 0x80 | NO_SUCH_NAME : 0x80)});
        out.writeBytes(new byte[] {0, 1, 0, (byte) records, 0, 0, 0, 0});
        int end = questionEnd(query);
        out.write(query, HEADER, end - HEADER);
        for (int i = 0; i < records && data != null; i++) {
            // The question's name, its type, Internet, and five minutes.
            out.writeBytes(new byte[] {(byte) 0xc0, HEADER, query[end - 4], query[end - 3], 0, 1, 0, 0, 1, 44});
            out.writeBytes(new byte[] {(byte) (data.length >> 8), (byte) data.length});
            out.writeBytes(data);
        }
        return out.toByteArray();
    }

    static int code(byte[] answer) {
        return answer[3] & 15;
    }

    static boolean isTruncated(byte[] answer) {
        return (answer[2] & 2) != 0;
    }

    /** Data of the first record of an answer whose records have the question's name. */
    static byte[] data(byte[] answer) {
        int at = questionEnd(answer) + 12;
        return Arrays.copyOfRange(answer, at, at + ((answer[at - 2] & 0xff) << 8 | answer[at - 1] & 0xff));
    }

    @Override
    public void close() throws IOException {
        datagrams.close();
        streams.close();
    }
}
