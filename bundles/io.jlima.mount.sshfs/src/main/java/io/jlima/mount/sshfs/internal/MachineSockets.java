// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Tells whether a connection to this process was made by a machine's process, so that nobody else on the host gets at
 * what is meant for the machine's guest. Linux says which process holds which socket in proc(5).
 */
final class MachineSockets {
    private static final Path PROC = Path.of("/proc");

    /** How the kernel prints the part of an address of IPv6 that says it is one of IPv4. */
    private static final String MAPPED = "0000000000000000FFFF0000";

    private MachineSockets() {}

    /** Whether that can be told here of such a process. */
    static boolean canBeTold(long pid) {
        return Files.isReadable(PROC.resolve("net/tcp"))
                && Files.isReadable(PROC.resolve(Long.toString(pid)).resolve("fd"));
    }

    /**
     * Whether the other end of an accepted connection belongs to the process. The connection exists as long as this end
     * is open, so its addresses cannot be another's meanwhile.
     *
     * @param peer address of the other end, of IPv4
     * @param here address of this end
     */
    static boolean belongsTo(long pid, InetSocketAddress peer, InetSocketAddress here) throws IOException {
        Optional<String> inode = inode("net/tcp", hex(peer), hex(here));
        if (inode.isEmpty()) {
            inode = inode("net/tcp6", MAPPED + hex(peer), MAPPED + hex(here));
        }
        if (inode.isEmpty()) {
            return false;
        }
        Path wanted = Path.of("socket:[" + inode.get() + "]");
        try (DirectoryStream<Path> descriptors =
                Files.newDirectoryStream(PROC.resolve(Long.toString(pid)).resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (leadsTo(descriptor, wanted)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean leadsTo(Path descriptor, Path wanted) {
        try {
            return Files.readSymbolicLink(descriptor).equals(wanted);
        } catch (IOException e) {
            // Closed in between.
            return false;
        }
    }

    /** Fields of a line: number, own address, the other's, state, queues, timer, retransmits, uid, timeout, inode. */
    private static Optional<String> inode(String table, String own, String other) throws IOException {
        if (!Files.exists(PROC.resolve(table))) {
            return Optional.empty();
        }
        try (Stream<String> lines = Files.lines(PROC.resolve(table))) {
            return lines.map(line -> line.strip().split("\\s+"))
                    .filter(fields -> fields.length > 9 && fields[1].equals(own) && fields[2].equals(other))
                    .map(fields -> fields[9])
                    .filter(inode -> !inode.equals("0"))
                    .findFirst();
        }
    }

    /** The kernel prints the four bytes of an address as one number of its own byte order. */
    private static String hex(InetSocketAddress address) {
        byte[] b = address.getAddress().getAddress();
        boolean little = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;
        int number = little
                ? (b[3] & 0xff) << 24 | (b[2] & 0xff) << 16 | (b[1] & 0xff) << 8 | b[0] & 0xff
                : (b[0] & 0xff) << 24 | (b[1] & 0xff) << 16 | (b[2] & 0xff) << 8 | b[3] & 0xff;
        return "%08X:%04X".formatted(number, address.getPort());
    }
}
