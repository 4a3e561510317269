// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A program that runs in a guest and serves there: echo for every cell of {@link PortTable}, and what tests of streams
 * want. In Perl, which each Debian has.
 */
final class GuestServers {
    static final int STATIC = 21_000;

    /** Says the SHA-256 of all it gets, on all addresses and on the loopback one. */
    static final int SUM = 21_001;

    static final int SUM_LOOPBACK = 21_002;

    /** Breaks each connection. */
    static final int RESET = 21_003;

    /** Does what {@link #order} says. */
    static final int CONTROL = 21_004;

    /** Sends {@link #source}. */
    static final int SOURCE = 21_005;

    /** As {@link #SUM}, but begins to read when the file {@link #GO} is there. */
    static final int LAZY = 21_006;

    static final String GO = "/tmp/lazy-go";

    /** Writes into the file {@link #TOLD} how a connection ended. */
    static final int TELL = 21_007;

    static final String TOLD = "/tmp/told";

    /** Says which of its listeners has taken the connection; the order {@code again} makes a new one. */
    static final int GENERATION = 21_008;

    static final int ECHO = 21_009;

    private static final int BLOCKS = 192;
    private static final int BLOCK = 65_536;

    private GuestServers() {}

    /** What {@link #SOURCE} sends. */
    static byte[] source() {
        byte[] all = new byte[BLOCKS * BLOCK];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (i / BLOCK);
        }
        return all;
    }

    /** The program; it makes /tmp/servers-ready when it serves. */
    static String program() {
        StringBuilder calls = new StringBuilder();
        for (PortTable.Cell cell : PortTable.cells()) {
            String[] words = cell.listener().split(" ");
            calls.append("serve('%s', '%s', %d, 'echo');\n".formatted(words[0], words[1], cell.port()));
        }
        calls.append("serve('tcp', '127.0.0.1', %d, 'echo');\n".formatted(STATIC));
        calls.append("serve('tcp', '127.0.0.1', %d, 'sum');\n".formatted(SUM_LOOPBACK));
        Object[][] everywhere = {
            {SUM, "sum"},
            {RESET, "reset"},
            {CONTROL, "control"},
            {SOURCE, "source"},
            {LAZY, "lazy"},
            {TELL, "tell"},
            {GENERATION, "generation"},
            {ECHO, "echo"}
        };
        for (Object[] server : everywhere) {
            calls.append("serve('tcp', '0.0.0.0', %d, '%s');\n".formatted(server));
        }
        return """
                use strict; use warnings; use Socket qw(:all); use IO::Select; use Time::HiRes qw(sleep time);
                $SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
                my (%kind, %udp, %at, %generation); my $all = IO::Select->new;
                sub serve {
                    my ($proto, $ip, $port, $kind) = @_;
                    my $six = $ip =~ /:/;
                    my $type = $proto eq 'udp' ? SOCK_DGRAM : SOCK_STREAM;
                    socket(my $s, $six ? AF_INET6 : AF_INET, $type, 0) or die "socket $!";
                    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
                    my $raw = inet_pton($six ? AF_INET6 : AF_INET, $ip);
                    my $name = $six ? pack_sockaddr_in6($port, $raw) : pack_sockaddr_in($port, $raw);
                    # A child that has just begun has the last listener open still.
                    my $tries = 1000;
                    until (bind($s, $name)) { die "bind $proto $ip $port: $!" unless $tries--; sleep 0.002 }
                    if ($proto eq 'udp') { $udp{$s} = 1 } else { listen($s, 1024) or die "listen $!"; $at{$port} = $s }
                    $kind{$s} = $kind; $all->add($s);
                }
                sub forget {
                    my $s = delete $at{$_[0]} or return; $all->remove($s); delete $kind{$s}; close $s;
                }
                sub local_socket {
                    unlink $_[0]; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; bind($s, pack_sockaddr_un($_[0])) or die;
                    listen($s, 64); $kind{$s} = 'echo'; $all->add($s);
                }
                sub say_all { my ($c, $data) = @_; my $at = 0;
                    while ($at < length $data) { my $n = syswrite($c, $data, length($data) - $at, $at); exit unless defined $n; $at += $n }
                }
                sub note { open(my $f, '>', "$_[0].new") or die; print $f $_[1]; close $f; rename "$_[0].new", $_[0] }
                my %child = (
                    echo => sub { my $c = shift; while (sysread($c, my $data, 65536)) { say_all($c, $data) } },
                    sum => sub { my $c = shift; open(STDIN, '<&', $c); open(STDOUT, '>&', $c); exec('sha256sum') },
                    source => sub { my $c = shift; say_all($c, chr($_ & 255) x BLOCK) for 0 .. BLOCKS - 1 },
                    tell => sub { my $c = shift; my $n;
                        while ($n = sysread($c, my $data, 65536)) { say_all($c, $data) }
                        note('TOLD', defined $n ? 'end' : 'break') },
                    run => sub { my ($c, $words) = @_; open(STDOUT, '>&', $c); open(STDERR, '>&', $c); exec('sh', '-c', $words) },
                );
                $child{lazy} = sub { sleep 0.05 until -e 'GO'; $child{sum}->(@_) };
                CALLS
                local_socket('/tmp/in-guest.sock');
                note('/tmp/servers-ready', '');
                while (1) {
                    for my $s ($all->can_read) {
                        my $kind = $kind{$s} or next;
                        if ($udp{$s}) { my $from = recv($s, my $data, 65535, 0); send($s, $data, 0, $from) if defined $from; next }
                        accept(my $c, $s) or next;
                        my $words = '';
                        if ($kind eq 'reset') { setsockopt($c, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $c; next }
                        if ($kind eq 'generation') { my ($port) = sockaddr_in(getsockname($c)); syswrite($c, $generation{$port} // 0); close $c; next }
                        if ($kind eq 'control') {
                            $words = <$c> // ''; chomp $words;
                            if ($words =~ /^listen (\\d+) (\\w+)/) { serve('tcp', '0.0.0.0', $1, $2); syswrite($c, 'done'); close $c; next }
                            if ($words =~ /^close (\\d+)/) { forget($1); syswrite($c, 'done'); close $c; next }
                            if ($words =~ /^again (\\d+)/) {
                                my $port = $1; my $mine = $kind{$at{$port}}; my $begun = time; forget($port); serve('tcp', '0.0.0.0', $port, $mine);
                                syswrite($c, sprintf '%d %.3f', ++$generation{$port}, 1000 * (time - $begun)); close $c; next
                            }
                            $kind = 'run';
                        }
                        if (fork) { close $c; next }
                        close $_ for $all->handles;
                        $SIG{CHLD} = 'DEFAULT';
                        $child{$kind}->($c, $words);
                        exit;
                    }
                }
                """.replace("CALLS\n", calls.toString())
                .replace("BLOCKS", Integer.toString(BLOCKS))
                .replace("BLOCK", Integer.toString(BLOCK))
                .replace("'GO'", "'" + GO + "'")
                .replace("'TOLD'", "'" + TOLD + "'");
    }

    /**
     * Gives the program an order by its forwarded port: {@code listen PORT KIND}, {@code close PORT},
     * {@code again PORT} (closes and listens at once), or a command of the shell.
     *
     * @return what it answered
     */
    static String order(String words) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", CONTROL)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write((words + "\n").getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
