// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress.Protocol;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Which program of the host has a port; from proc(5), so on Linux only, and for others' processes only as root. */
final class Occupant {
    private static final Path PROC = Path.of("/proc");

    /** State of a TCP socket that listens, and of a UDP socket without a peer; proc(5), include/net/tcp_states.h. */
    private static final String LISTEN = "0A";

    private static final String UNCONNECTED = "07";

    private Occupant() {}

    /** For example {@code nginx (pid 123)}. */
    static Optional<String> of(HostAddress host) {
        if (host.protocol() == Protocol.UNIX || !Files.isDirectory(PROC.resolve("self/fd"))) {
            return Optional.empty();
        }
        Set<String> sockets = new HashSet<>();
        String kind = host.protocol() == Protocol.UDP ? "udp" : "tcp";
        for (String table : new String[] {kind, kind + "6"}) {
            inodes(PROC.resolve("net").resolve(table), host, sockets);
        }
        return sockets.isEmpty() ? Optional.empty() : process(sockets);
    }

    private static void inodes(Path table, HostAddress host, Set<String> sockets) {
        String state = host.protocol() == Protocol.UDP ? UNCONNECTED : LISTEN;
        String port = ":%04X".formatted(host.port());
        try {
            for (String line : Files.readAllLines(table)) {
                String[] words = line.strip().split("\\s+");
                if (words.length > 9 && words[1].endsWith(port) && words[3].equals(state)) {
                    sockets.add("socket:[" + words[9] + "]");
                }
            }
        } catch (IOException e) {
            // No such table: that family is not there.
        }
    }

    private static Optional<String> process(Set<String> sockets) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path process : processes) {
                if (has(process.resolve("fd"), sockets)) {
                    return Optional.of(
                            Files.readString(process.resolve("comm")).strip() + " (pid " + process.getFileName() + ")");
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // It ended while we looked.
        }
        return Optional.empty();
    }

    private static boolean has(Path descriptors, Set<String> sockets) {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : open) {
                try {
                    if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
                        return true;
                    }
                } catch (IOException e) {
                    // Closed meanwhile.
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Somebody else's process, or one that has ended.
        }
        return false;
    }
}
