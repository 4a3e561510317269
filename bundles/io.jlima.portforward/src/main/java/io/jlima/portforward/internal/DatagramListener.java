// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestStream;
import io.jlima.api.guest.PortForwarder.Forward;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A UDP port of the host whose datagrams are carried into the guest by this process: one stream for each peer, so that
 * answers find their way back.
 */
final class DatagramListener implements Forward {
    private static final Logger LOG = LoggerFactory.getLogger(DatagramListener.class);

    /** A stream that has carried nothing for so long is given up; Lima's value. */
    private static final long IDLE_SECONDS = 90;

    /** Peers at a time; datagrams of further ones are lost, as the network loses them. */
    private static final int MOST_PEERS = 256;

    /** Datagrams of one peer that wait for the guest. */
    private static final int QUEUE = 128;

    private static final int LONGEST = 65_535;

    private final DatagramChannel channel;
    private final Dial dial;
    private final Map<SocketAddress, Peer> peers = new ConcurrentHashMap<>();
    private final LongAdder bytes = new LongAdder();
    private final Thread receiver;

    private DatagramListener(HostAddress address, DatagramChannel channel, Dial dial) {
        this.channel = channel;
        this.dial = dial;
        this.receiver = Thread.ofVirtual().name("forward at udp " + address).unstarted(this::receive);
    }

    /**
     * Listens when it returns.
     *
     * @throws java.net.BindException when the address is taken or not allowed
     */
    static DatagramListener open(HostAddress address, Dial dial) throws IOException {
        DatagramListener listener = new DatagramListener(address, bind(address), dial);
        listener.receiver.start();
        return listener;
    }

    static DatagramChannel bind(HostAddress address) throws IOException {
        DatagramChannel channel = DatagramChannel.open(
                address.inet() instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        try {
            channel.bind(new InetSocketAddress(address.inet(), address.port()));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private void receive() {
        ByteBuffer buffer = ByteBuffer.allocate(LONGEST);
        while (channel.isOpen()) {
            try {
                SocketAddress from = channel.receive(buffer.clear());
                buffer.flip();
                byte[] datagram = new byte[buffer.remaining()];
                buffer.get(datagram);
                Peer peer = peers.get(from);
                if (peer == null && peers.size() < MOST_PEERS) {
                    peer = new Peer(from);
                    peers.put(from, peer);
                    Thread.ofVirtual().name("forward to guest udp").start(peer::toGuest);
                }
                if (peer != null && !peer.waiting.offer(datagram)) {
                    LOG.debug("a datagram of {} is lost: the guest is slow", from);
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.debug("receiving", e);
            }
        }
    }

    /** One program that talks to the guest. */
    private final class Peer {
        private final SocketAddress address;
        final BlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(QUEUE);
        private volatile long last = System.nanoTime();
        private volatile boolean over;

        Peer(SocketAddress address) {
            this.address = address;
        }

        void toGuest() {
            try (GuestStream guest = dial.open()) {
                Thread.ofVirtual().name("forward to host udp").start(() -> toHost(guest));
                while (channel.isOpen() && !over) {
                    byte[] datagram = waiting.poll(IDLE_SECONDS, TimeUnit.SECONDS);
                    if (datagram != null && datagram.length > 0) {
                        guest.out().write(datagram);
                        guest.out().flush();
                        carried(datagram.length);
                    } else if (System.nanoTime() - last > TimeUnit.SECONDS.toNanos(IDLE_SECONDS)) {
                        return;
                    }
                }
            } catch (IOException | InterruptedException | RuntimeException e) {
                LOG.debug("{}: the guest does not answer", address, e);
            } finally {
                peers.remove(address, this);
            }
        }

        private void toHost(GuestStream guest) {
            byte[] datagram = new byte[LONGEST];
            try {
                int got;
                while ((got = guest.in().read(datagram)) >= 0) {
                    channel.send(ByteBuffer.wrap(datagram, 0, got), address);
                    carried(got);
                }
            } catch (IOException e) {
                LOG.debug("{}: the guest has gone", address, e);
            }
            end();
        }

        private void carried(int count) {
            bytes.add(count);
            last = System.nanoTime();
        }

        void end() {
            over = true;
            // Wakes the other half; a full queue does so too.
            boolean told = waiting.offer(new byte[0]);
            LOG.trace("told: {}", told);
        }
    }

    @Override
    public OptionalLong bytes() {
        return OptionalLong.of(bytes.sum());
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing a port", e);
        }
        HostListener.awaitEnd(receiver);
        peers.values().forEach(Peer::end);
    }
}
