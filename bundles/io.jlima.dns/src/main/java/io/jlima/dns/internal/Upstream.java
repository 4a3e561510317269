// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the host's name servers: by datagrams from a port of its own for each question, by TCP for long answers. */
final class Upstream {
    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    /** resolv.conf(5) waits 5 s, and a guest's own resolver gives up after that; two rounds have to fit. */
    private static final int ANSWER_MILLIS = 2000;

    private static final int ROUNDS = 2;
    private static final int LONGEST = 65_535;

    private final SecureRandom random = new SecureRandom();

    /** Blocks until one of the servers has answered; empty when none does. */
    Optional<Message> ask(Message query, List<InetSocketAddress> servers) {
        Optional<Message> failure = Optional.empty();
        for (int round = 0; round < ROUNDS; round++) {
            for (InetSocketAddress server : servers) {
                try {
                    Message answer = ask(query, server);
                    if (answer.code() != Message.SERVER_FAILURE && answer.code() != 5) {
                        return Optional.of(answer);
                    }
                    failure = Optional.of(answer);
                } catch (IOException | MalformedMessage e) {
                    LOG.debug("{} does not answer {}: {}", server, query.name(), e.toString());
                }
            }
            if (failure.isPresent()) {
                return failure;
            }
        }
        return failure;
    }

    private Message ask(Message query, InetSocketAddress server) throws IOException, MalformedMessage {
        int id = random.nextInt(1 << 16);
        Message answer = byDatagram(query, query.withId(id), id, server);
        return answer.isTruncated() ? byStream(query, query.withId(id), id, server) : answer;
    }

    private static Message byDatagram(Message query, byte[] bytes, int id, InetSocketAddress server)
            throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(server);
            socket.send(new DatagramPacket(bytes, bytes.length));
            long deadline = System.nanoTime() + ANSWER_MILLIS * 1_000_000L;
            byte[] buffer = new byte[4096 + 1];
            while (true) {
                int left = (int) ((deadline - System.nanoTime()) / 1_000_000);
                if (left <= 0) {
                    throw new SocketTimeoutException("no answer");
                }
                socket.setSoTimeout(left);
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                try {
                    Message answer = Message.parse(java.util.Arrays.copyOf(buffer, packet.getLength()));
                    if (answer.id() == id && answer.answers(query)) {
                        return answer;
                    }
                } catch (MalformedMessage e) {
                    LOG.debug("{} sends what is no answer: {}", server, e.getMessage());
                }
            }
        }
    }

    private static Message byStream(Message query, byte[] bytes, int id, InetSocketAddress server)
            throws IOException, MalformedMessage {
        try (Socket socket = new Socket()) {
            socket.connect(server, ANSWER_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
            out.writeShort(bytes.length);
            out.write(bytes);
            out.flush();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] reply = new byte[Math.min(LONGEST, in.readUnsignedShort())];
            in.readFully(reply);
            Message answer = Message.parse(reply);
            if (answer.id() != id || !answer.answers(query)) {
                throw new MalformedMessage("an answer to another question");
            }
            return answer;
        }
    }
}
