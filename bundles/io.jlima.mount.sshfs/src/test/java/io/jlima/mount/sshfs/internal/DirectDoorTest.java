// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.machine.Machine.ProcessIdentity;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class DirectDoorTest {
    private static final int MOUNTS = 3;
    private static final int MOST_SESSIONS = MOUNTS * DirectDoor.SESSIONS_OF_A_MOUNT;

    private final AtomicInteger served = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Sends back what it gets. */
    private final SftpServer echo = new SftpServer() {
        @Override
        public String word() {
            return "echo";
        }

        @Override
        public void serve(InputStream in, OutputStream out) throws IOException {
            served.incrementAndGet();
            in.transferTo(out);
        }
    };

    private static Socket connect(DirectDoor door) throws IOException {
        return new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), door.port());
    }

    @Test
    void theMachineItselfComesIn() throws Exception {
        long self = ProcessHandle.current().pid();
        try (DirectDoor door = new DirectDoor(echo, 0, self, ended::countDown, () -> MOUNTS);
                Socket socket = connect(door)) {
            assertThat(MachineSockets.canBeTold(self)).isTrue();
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            assertThat(door.wasUsed()).isTrue();
            socket.shutdownOutput();
            assertThat(ended.await(60, TimeUnit.SECONDS)).as("the end is told").isTrue();
        }
    }

    @Test
    void anotherProcessIsTurnedAwayUnheard() throws Exception {
        Process other = new ProcessBuilder("sleep", "60").start();
        try (DirectDoor door = new DirectDoor(echo, 0, other.pid(), ended::countDown, () -> MOUNTS);
                Socket socket = connect(door)) {
            assertThat(endOf(socket)).isTrue();
            assertThat(served).hasValue(0);
            assertThat(door.wasUsed()).isFalse();
        } finally {
            other.destroyForcibly();
        }
    }

    private static boolean endOf(Socket socket) throws IOException {
        try {
            socket.getOutputStream().write('x');
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    @Test
    void theSamePortIsTakenAgainIfItIsFree(@TempDir Path instance) throws IOException {
        long self = ProcessHandle.current().pid();
        ProcessIdentity machine = new ProcessIdentity(self, 1);
        int port = 0;
        // Below the ports that the system gives away, so that nobody gets it in between.
        for (int candidate = 20_000; port == 0; candidate++) {
            try (DirectDoor door = new DirectDoor(echo, candidate, self, ended::countDown, () -> MOUNTS)) {
                port = door.port() == candidate ? candidate : 0;
            }
        }
        new DoorPorts(instance).keep("/mnt/two words", port, machine);
        int kept = new DoorPorts(instance).last("/mnt/two words", machine);
        assertThat(kept).isEqualTo(port);
        assertThat(new DoorPorts(instance).last("/mnt/other", machine)).isZero();
        assertThat(new DoorPorts(instance).last("/mnt/two words", new ProcessIdentity(self, 2)))
                .isZero();
        try (DirectDoor door = new DirectDoor(echo, kept, self, ended::countDown, () -> MOUNTS);
                DirectDoor second = new DirectDoor(echo, kept, self, ended::countDown, () -> MOUNTS)) {
            assertThat(door.port()).isEqualTo(port);
            assertThat(second.port()).isNotEqualTo(port);
        }
    }

    @Test
    void aGuestThatComesInAgainAndAgainLosesSessions() throws Exception {
        long self = ProcessHandle.current().pid();
        List<Socket> sockets = new ArrayList<>();
        try (DirectDoor door = new DirectDoor(echo, 0, self, () -> {}, () -> MOUNTS)) {
            for (int i = 0; i <= MOST_SESSIONS; i++) {
                Socket socket = connect(door);
                sockets.add(socket);
                socket.getOutputStream().write('x');
                assertThat(socket.getInputStream().read()).isEqualTo('x');
            }
            int ended = 0;
            for (Socket socket : sockets) {
                ended += endOf(socket) ? 1 : 0;
            }
            assertThat(ended).isEqualTo(1);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /** However many come in at one moment, no more than that are listened to when they all have come. */
    @Test
    void aCrowdAtOnceGetsNoFurther() throws Exception {
        long self = ProcessHandle.current().pid();
        int crowd = 4 * MOST_SESSIONS;
        List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());
        try (DirectDoor door = new DirectDoor(echo, 0, self, () -> {}, () -> MOUNTS)) {
            CountDownLatch begin = new CountDownLatch(1);
            List<Thread> guests = new ArrayList<>();
            for (int i = 0; i < crowd; i++) {
                guests.add(Thread.ofVirtual().start(() -> {
                    try {
                        begin.await();
                        Socket socket = connect(door);
                        sockets.add(socket);
                        // Answered or ended, it has been let in.
                        endOf(socket);
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }));
            }
            begin.countDown();
            for (Thread guest : guests) {
                guest.join();
            }
            assertThat(sockets).hasSize(crowd);
            int served = 0;
            for (Socket socket : sockets) {
                served += endOf(socket) ? 0 : 1;
            }
            assertThat(served).isBetween(1, MOST_SESSIONS);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void aClosedDoorLeavesItsPortToTheNextOne() throws IOException {
        long self = ProcessHandle.current().pid();
        int port = 0;
        // Nobody else begins here, so that nobody gets the port in between.
        int first = 21_000 + (int) (self % 5_000);
        for (int candidate = first; port == 0; candidate++) {
            try (DirectDoor door = new DirectDoor(echo, candidate, self, ended::countDown, () -> MOUNTS)) {
                port = door.port() == candidate ? candidate : 0;
            }
        }
        for (int i = 0; i < 200; i++) {
            try (DirectDoor door = new DirectDoor(echo, port, self, ended::countDown, () -> MOUNTS)) {
                assertThat(door.port()).as("door %d", i).isEqualTo(port);
            }
        }
    }

    @Test
    void whatGoesBySshDoesSoForThisMachineOnly(@TempDir Path instance) {
        ProcessIdentity machine = new ProcessIdentity(17, 1234);
        new DoorPorts(instance).keepBySsh("/mnt/a b", machine);
        DoorPorts later = new DoorPorts(instance);
        assertThat(later.isBySsh("/mnt/a b", machine)).isTrue();
        assertThat(later.isBySsh("/mnt/a b", new ProcessIdentity(17, 1235))).isFalse();
        assertThat(later.isBySsh("/mnt/other", machine)).isFalse();
        assertThat(later.last("/mnt/a b", machine)).isZero();
        later.keep("/mnt/a b", 4711, machine);
        assertThat(new DoorPorts(instance).isBySsh("/mnt/a b", machine)).isFalse();
        assertThat(new DoorPorts(instance).last("/mnt/a b", machine)).isEqualTo(4711);
    }

    @Test
    void aClosedDoorEndsItsSessions() throws Exception {
        long self = ProcessHandle.current().pid();
        DirectDoor door = new DirectDoor(echo, 0, self, ended::countDown, () -> MOUNTS);
        try (Socket socket = connect(door)) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            door.close();
            assertThat(endOf(socket)).isTrue();
        }
    }
}
