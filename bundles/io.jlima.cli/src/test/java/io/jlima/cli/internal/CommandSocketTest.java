// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The socket as a client written by somebody else sees it. */
@Timeout(60)
class CommandSocketTest {
    @TempDir
    Path home;

    private final TestDaemon daemon = new TestDaemon();
    private final CommandSet commands = new CommandSet(daemon.control);
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch began = new CountDownLatch(1);
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final List<Client> clients = new ArrayList<>();
    private CommandSocket socket;

    /** Speaks the protocol by hand. */
    private final class Client {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);

        Client() throws IOException {
            channel.connect(UnixDomainSocketAddress.of(home.resolve("_daemon/sock")));
            clients.add(this);
        }

        Client asks(String version, String... words) throws IOException {
            send(0, RequestTest.bytes(version, "/tmp", "022", "000", "", List.of(words), Map.of("TZ", "UTC")));
            return this;
        }

        void send(int type, byte[] body) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(5 + body.length);
            frame.put((byte) type).putInt(body.length).put(body).flip();
            raw(frame);
        }

        void raw(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        /** The next frame as {@code type:text}, or {@code type#number}; null at the end. */
        @Nullable
        String next() throws IOException {
            ByteBuffer header = read(5);
            if (header == null) {
                return null;
            }
            int type = header.get();
            ByteBuffer body = read(header.getInt());
            if (body == null) {
                return null;
            }
            return type == 14 || type == 15
                    ? type + "#" + body.getInt()
                    : type + ":" + StandardCharsets.UTF_8.decode(body);
        }

        private @Nullable ByteBuffer read(int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining()) {
                try {
                    if (channel.read(buffer) < 0) {
                        return null;
                    }
                } catch (IOException e) {
                    // Reset, because something that was sent had not been read.
                    return null;
                }
            }
            return buffer.flip();
        }

        List<String> rest() throws IOException {
            List<String> frames = new ArrayList<>();
            String frame;
            while ((frame = next()) != null) {
                frames.add(frame);
            }
            return frames;
        }
    }

    @BeforeEach
    void open() throws Exception {
        Files.createDirectories(home.resolve("_daemon"));
        Files.writeString(home.resolve("_daemon/sock"), "left by a daemon that was killed");
        add("echo", i -> {
            i.out().print(String.join(" ", i.arguments()));
            i.err().print(i.caller().workingDirectory());
            return 7;
        });
        add("wait", i -> {
            i.log().info("waiting");
            began.countDown();
            try {
                new CountDownLatch(1).await();
                return 0;
            } catch (InterruptedException e) {
                cancelled.countDown();
                // As one does who turns it into an error for people.
                Thread.currentThread().interrupt();
                throw new LimaException("given up");
            }
        });
        add("cat", i -> {
            i.in().transferTo(i.out());
            return 0;
        });
        add("big", i -> {
            i.out().write(new byte[200_000], 0, 200_000);
            return 0;
        });
        add("signals", i -> {
            CountDownLatch told = new CountDownLatch(2);
            i.onSignal(name -> {
                i.out().print(name);
                told.countDown();
            });
            i.onResize(size -> {
                i.out().print(size.columns() + "x" + size.rows());
                told.countDown();
            });
            i.out().flush();
            told.await();
            return 0;
        });
        add("crash", i -> {
            throw new StackOverflowError("deep");
        });
        socket = new CommandSocket(commands, new FakeInstances(home), daemon.control, ready::countDown);
    }

    private void add(String name, CommandSetTest.Body body) {
        commands.addCommand(CommandSetTest.command(
                CommandSpec.of(name, Group.BASIC, "X").takes("", 0, 9, ArgumentKind.OTHER), body));
    }

    @AfterEach
    void close() throws IOException {
        for (Client client : clients) {
            client.channel.close();
        }
        socket.close();
        assertThat(home.resolve("_daemon/sock")).doesNotExist();
    }

    private Client ask(String... words) throws IOException {
        return new Client().asks("0.1.0", words);
    }

    @Test
    void isThereForItsUserAlone() throws Exception {
        assertThat(ready.getCount()).as("told that it serves").isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("_daemon/sock"))))
                .isEqualTo("rw-------");
    }

    @Test
    void carriesOutputAndExitCode() throws Exception {
        assertThat(ask("echo", "ä", "b").rest()).containsExactlyInAnyOrder("10:", "12:ä b", "13:/tmp", "14#7");
    }

    @Test
    void longOutputComesInPieces() throws Exception {
        List<String> frames = ask("big").rest();
        assertThat(frames.getFirst()).isEqualTo("10:");
        assertThat(frames.getLast()).isEqualTo("14#0");
        assertThat(frames.stream().filter(f -> f.startsWith("12:")).mapToInt(f -> f.length() - 3))
                .allMatch(n -> n <= 65536);
        assertThat(frames.stream()
                        .filter(f -> f.startsWith("12:"))
                        .mapToInt(f -> f.length() - 3)
                        .sum())
                .isEqualTo(200_000);
    }

    @Test
    void inputIsTakenAsFarAsItIsRead() throws Exception {
        Client client = ask("cat");
        assertThat(client.next()).isEqualTo("10:");
        assertThat(client.next()).as("signals are caught").isEqualTo("17:");
        assertThat(client.next()).isEqualTo("15#65536");
        byte[] piece = new byte[40_000];
        java.util.Arrays.fill(piece, (byte) 'x');
        ByteArrayOutputStream echoed = new ByteArrayOutputStream();
        int credit = 65536;
        int sent = 0;
        while (sent < 400_000) {
            int count = Math.min(Math.min(credit, piece.length), 400_000 - sent);
            if (count > 0) {
                client.send(1, java.util.Arrays.copyOf(piece, count));
                sent += count;
                credit -= count;
            }
            String frame = credit == 0 || sent == 400_000 ? client.next() : "";
            if (frame == null) {
                throw new AssertionError("ended early");
            } else if (frame.startsWith("15#")) {
                credit += Integer.parseInt(frame.substring(3));
            } else if (frame.startsWith("12:")) {
                echoed.writeBytes(frame.substring(3).getBytes(StandardCharsets.UTF_8));
            }
            assertThat(credit).isBetween(0, 65536);
        }
        client.send(1, new byte[0]);
        List<String> rest = client.rest();
        rest.stream()
                .filter(f -> f.startsWith("12:"))
                .forEach(f -> echoed.writeBytes(f.substring(3).getBytes(StandardCharsets.UTF_8)));
        assertThat(rest.getLast()).isEqualTo("14#0");
        assertThat(echoed.size()).isEqualTo(400_000);
    }

    @Test
    void aClientThatLeavesCancelsItsCommandOnly() throws Exception {
        Client other = ask("cat");
        Client leaving = ask("wait");
        assertThat(began.await(20, TimeUnit.SECONDS)).isTrue();
        leaving.channel.close();
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(other.next()).isEqualTo("10:");
        other.send(1, new byte[0]);
        assertThat(other.rest()).endsWith("14#0");
    }

    @Test
    void anInterruptedCommandStillTellsItsEnd() throws Exception {
        Client client = ask("wait");
        assertThat(began.await(20, TimeUnit.SECONDS)).isTrue();
        client.send(3, "INT".getBytes(StandardCharsets.US_ASCII));
        List<String> frames = client.rest();
        assertThat(frames).anyMatch(f -> f.startsWith("13:") && f.contains("msg=\"given up\""));
        assertThat(frames).endsWith("14#130");
    }

    @Test
    void signalsAndSizesReachTheCommandThatWantsThem() throws Exception {
        Client client = ask("signals");
        assertThat(client.next()).isEqualTo("10:");
        assertThat(client.next()).isEqualTo("17:");
        client.send(3, "HUP".getBytes(StandardCharsets.US_ASCII));
        client.send(2, ByteBuffer.allocate(8).putInt(80).putInt(24).array());
        List<String> frames = client.rest();
        assertThat(String.join("", frames)).contains("HUP").contains("80x24");
        assertThat(frames).endsWith("14#0");
    }

    @Test
    void whateverEndsACommandItsClientHearsOfIt() throws Exception {
        assertThat(ask("crash").rest()).endsWith("14#1").anyMatch(f -> f.contains("internal error"));
    }

    @Test
    void hostileClientsHarmNobody() throws Exception {
        new Client().raw(ByteBuffer.allocate(5).put((byte) 0).putInt(-1).flip());
        new Client()
                .raw(ByteBuffer.allocate(5)
                        .put((byte) 0)
                        .putInt(Integer.MAX_VALUE)
                        .flip());
        new Client().raw(ByteBuffer.allocate(3));
        new Client().send(0, new byte[] {1, 2, 3});
        new Client().send(1, new byte[0]);
        for (Client hostile :
                clients.stream().filter(c -> clients.indexOf(c) != 2).toList()) {
            assertThat(hostile.rest()).isEmpty();
        }
        Client noSize = ask("wait");
        assertThat(began.await(20, TimeUnit.SECONDS)).isTrue();
        noSize.send(2, new byte[3]);
        noSize.rest();
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
        Client unknown = ask("cat");
        unknown.send(99, new byte[0]);
        assertThat(unknown.rest()).doesNotContain("14#7");
        Client flood = ask("cat");
        assertThat(flood.next()).isEqualTo("10:");
        flood.send(1, new byte[1 << 20]);
        flood.rest();
        assertThat(ask("echo").rest()).endsWith("14#7");
    }

    @Test
    void aClientOfAnotherVersionGetsTheDaemonToEnd() throws Exception {
        Client one = new Client().asks("0.2.0", "list");
        assertThat(one.next()).isEqualTo("11:");
        assertThat(daemon.stopped.await(9, TimeUnit.SECONDS)).isTrue();
        assertThat(home.resolve("_daemon/sock")).doesNotExist();
        assertThatThrownBy(Client::new).isInstanceOf(IOException.class);
    }

    @Test
    void commandsThatRunAreWaitedFor() throws Exception {
        Client running = ask("cat");
        assertThat(running.next()).isEqualTo("10:");
        Client other = new Client().asks("0.2.0", "list");
        assertThat(other.next()).isEqualTo("11:");
        running.send(1, new byte[0]);
        assertThat(running.rest()).endsWith("14#0");
        assertThat(daemon.stopped.await(9, TimeUnit.SECONDS)).isTrue();
    }
}
