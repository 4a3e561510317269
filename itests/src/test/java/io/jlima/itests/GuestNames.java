// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/** Names that the guest {@code p} asks for, by the name server that it has been given. */
final class GuestNames {
    /** Asks the guest's name server in the guest, by messages of this test's own: a line for each, {@code udp HEX}. */
    private static final String ASK = """
            use strict; use warnings; use Socket; use IO::Select; $| = 1;
            my $server = pack_sockaddr_in(53, inet_aton('192.168.5.3'));
            while (my $line = <STDIN>) {
                my ($how, $question) = split ' ', $line; $question = pack('H*', $question);
                socket(my $s, AF_INET, $how eq 'udp' ? SOCK_DGRAM : SOCK_STREAM, 0) or die; connect($s, $server) or die "connect $!";
                syswrite($s, $how eq 'udp' ? $question : pack('n/a*', $question));
                my ($answer, $wanted) = ('', $how eq 'udp' ? 1 : 2);
                while (length $answer < $wanted && IO::Select->new($s)->can_read(30)) {
                    sysread($s, $answer, 65535, length $answer) or last;
                    $wanted = 2 + unpack('n', $answer) if $how eq 'tcp' && length $answer >= 2;
                }
                print unpack('H*', $how eq 'tcp' ? substr($answer, 2) : $answer), "\\n";
            }
            """;

    private final Home home;
    private final Path resolvConf;

    /** @param resolvConf where the daemon reads which name servers the host has */
    GuestNames(Home home, Path resolvConf) {
        this.home = home;
        this.resolvConf = resolvConf;
    }

    /** Answers to these questions; each is given as way, name and type. */
    private List<byte[]> ask(String... questions) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < questions.length; i++) {
            String[] words = questions[i].split(" ");
            byte[] query = NameServer.query(i + 1, words[1], Integer.parseInt(words[2]));
            lines.append(words[0])
                    .append(' ')
                    .append(HexFormat.of().formatHex(query))
                    .append('\n');
        }
        Home.Result result = home.limactlFed(lines.toString(), "shell", "p", "perl", "-e", ASK);
        assertThat(result.code()).as(result.all()).isZero();
        List<byte[]> answers =
                result.out().lines().map(HexFormat.of()::parseHex).toList();
        assertThat(answers).as(result.all()).hasSize(questions.length).allMatch(answer -> answer.length > 12);
        return answers;
    }

    void recordsOfEveryType(NameServer upstream) throws IOException {
        Files.writeString(resolvConf, upstream.line());
        int a = NameServer.type("a");
        // The daemon looks at the file when a question comes, four times a second at most.
        Home.eventually(
                "the new name server is asked",
                () -> NameServer.code(ask("udp a.up.example " + a).getFirst()) == 0);
        for (String way : List.of("udp", "tcp")) {
            List<String> types = NameServer.types();
            List<byte[]> answers = ask(types.stream()
                    .map(t -> way + " " + t + ".up.example " + NameServer.type(t))
                    .toArray(String[]::new));
            for (int i = 0; i < types.size(); i++) {
                int type = NameServer.type(types.get(i));
                byte[] whole = NameServer.answer(NameServer.query(i + 1, types.get(i) + ".up.example", type));
                assertThat(NameServer.code(answers.get(i))).as(types.get(i)).isZero();
                assertThat(NameServer.data(answers.get(i)))
                        .as("%s by %s", types.get(i), way)
                        .isEqualTo(NameServer.data(whole));
            }
        }
        assertThat(home.good("shell", "p", "getent", "ahostsv4", "a.up.example").out())
                .startsWith("10.99.0.7");

        List<byte[]> answers = ask(
                "udp nobody.up.example " + a,
                "udp " + NameServer.LONG + " " + NameServer.type("txt"),
                "tcp " + NameServer.LONG + " " + NameServer.type("txt"));
        assertThat(NameServer.code(answers.getFirst())).isEqualTo(NameServer.NO_SUCH_NAME);
        assertThat(NameServer.isTruncated(answers.get(1))).isTrue();
        assertThat(answers.get(1).length).isLessThanOrEqualTo(512);
        assertThat(NameServer.isTruncated(answers.get(2))).isFalse();
        assertThat(answers.get(2)).hasSizeGreaterThan(20 * 200);
        assertThat(home.limactl("shell", "p", "getent", "hosts", "nobody.up.example")
                        .code())
                .isEqualTo(2);
    }

    void theTablesOfNamesComeFirst(NameServer upstream) {
        int a = NameServer.type("a");
        int ptr = NameServer.type("ptr");
        List<byte[]> answers = ask(
                "udp host.lima.internal " + a,
                "udp lima-p " + a,
                "tcp answer.jlima.example " + a,
                "udp 2.5.168.192.in-addr.arpa " + ptr);
        assertThat(NameServer.data(answers.get(0))).containsExactly(192, 168, 5, 2);
        assertThat(NameServer.data(answers.get(1))).containsExactly(192, 168, 5, 15);
        assertThat(NameServer.data(answers.get(2))).containsExactly(10, 99, 0, 1);
        assertThat(new String(NameServer.data(answers.get(3)), StandardCharsets.ISO_8859_1))
                .isEqualTo("\4host\4lima\10internal\0");
        assertThat(upstream.wasAsked("a.up.example")).isTrue();
        for (String name :
                List.of("host.lima.internal", "lima-p", "answer.jlima.example", "2.5.168.192.in-addr.arpa")) {
            assertThat(upstream.wasAsked(name)).as(name).isFalse();
        }
    }

    void upstreamDownAndUpAgain(NameServer upstream) throws IOException {
        String question = "udp mx.up.example " + NameServer.type("mx");
        try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            Files.writeString(resolvConf, "nameserver [127.0.0.1]:" + silent.getLocalPort() + "\n");
            Home.eventually(
                    "nobody answers", () -> NameServer.code(ask(question).getFirst()) == NameServer.SERVER_FAILURE);
        }
        Files.writeString(resolvConf, upstream.line());
        Home.eventually(
                "somebody answers again", () -> NameServer.code(ask(question).getFirst()) == 0);
    }
}
