// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Ports of this host that a process has, from proc(5). */
final class HostSockets {
    /** State of a TCP socket that listens, and of a UDP socket without a peer; include/net/tcp_states.h. */
    private static final String LISTEN = "0A";

    private static final String CLOSE = "07";

    private HostSockets() {}

    /** TCP ports at which the process listens. */
    static Set<Integer> listening(long pid) throws IOException {
        return ports(pid, "tcp", LISTEN);
    }

    /** UDP ports at which the process takes datagrams of anybody. */
    static Set<Integer> bound(long pid) throws IOException {
        return ports(pid, "udp", CLOSE);
    }

    private static Set<Integer> ports(long pid, String kind, String state) throws IOException {
        Set<String> own = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    own.add(Files.readSymbolicLink(descriptor).toString());
                } catch (IOException e) {
                    // Closed meanwhile.
                    continue;
                }
            }
        }
        Set<Integer> ports = new HashSet<>();
        for (String table : List.of(kind, kind + "6")) {
            for (String line : Files.readAllLines(Path.of("/proc/net/" + table))) {
                String[] words = line.strip().split("\\s+");
                if (words.length > 9 && words[3].equals(state) && own.contains("socket:[" + words[9] + "]")) {
                    ports.add(Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16));
                }
            }
        }
        return ports;
    }
}
