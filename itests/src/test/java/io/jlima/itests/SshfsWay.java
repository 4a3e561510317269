// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a directory is shown by reverse-sshfs: a server, a transport and an access. */
record SshfsWay(String server, String transport, boolean writable) {
    String word() {
        return server + "-" + transport + "-" + (writable ? "rw" : "ro");
    }

    String point() {
        return "/mnt/" + word();
    }

    String sftpDriver() {
        return server.equals("openssh") ? "openssh-sftp-server" : server;
    }

    /** The name of a small disk that is shown so, too. */
    String smallDisk() {
        return "small-" + word();
    }

    /** Where that is. */
    String small() {
        return "/mnt/" + smallDisk();
    }

    String yaml(Path location, String point) {
        return "- {location: \"%s\", mountPoint: \"%s\", writable: %s, sshfs: {sftpDriver: %s}}\n"
                .formatted(location, point, writable, sftpDriver());
    }

    static List<SshfsWay> thatWrite() {
        return all().stream().filter(SshfsWay::writable).toList();
    }

    static List<SshfsWay> all() {
        List<SshfsWay> ways = new ArrayList<>();
        for (String server : List.of("builtin", "openssh")) {
            for (String transport : List.of("direct", "ssh")) {
                ways.add(new SshfsWay(server, transport, true));
                ways.add(new SshfsWay(server, transport, false));
            }
        }
        return ways;
    }

    /** Those that differ in what the guest could do to the host. */
    static List<SshfsWay> attacked() {
        // Over ssh OpenSSH's server, which may write all, is asked by the same sshfs as over the other.
        return all().stream()
                .filter(way -> !way.word().equals("openssh-ssh-rw"))
                .toList();
    }
}
