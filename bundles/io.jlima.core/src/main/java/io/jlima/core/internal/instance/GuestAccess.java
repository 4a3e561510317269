// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.ssh.SshConnector;
import io.jlima.api.ssh.SshConnector.HostKey;
import io.jlima.api.ssh.SshConnector.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Who may enter the guest and how it is known: the user's key, the guest's host key that is made here, and the files
 * that tell other programs of both.
 */
final class GuestAccess {
    private static final String HOST_KEY = "ssh_host_ed25519_key";

    private final HomeFolder home;
    private final SshConnector connector;

    GuestAccess(HomeFolder home, SshConnector connector) {
        this.home = home;
        this.connector = connector;
    }

    /** The lines for the guest's authorized_keys. */
    List<String> authorizedKeys(InstanceConfig config, HostEnvironment caller) {
        try {
            List<String> keys = new ArrayList<>();
            keys.add(connector.userKey(home.config()));
            if (config.ssh().loadDotSSHPubKeys()) {
                keys.addAll(publicKeys(caller.home().resolve(".ssh")));
            }
            return keys;
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot make the ssh key in " + home.config(), e);
        }
    }

    private static List<String> publicKeys(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<String> keys = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".pub")).sorted().toList()) {
                String line = Files.readString(file).strip();
                if (line.matches("(ssh|ecdsa|sk)-[^\\n\\r]+")) {
                    keys.add(line);
                }
            }
        }
        return keys;
    }

    /** The guest's host key, made at the first call; the guest gets it by its configuration volume. */
    HostKey hostKey(InstanceFolder folder) {
        try {
            Path secret = folder.file(HOST_KEY);
            Path open = folder.file(HOST_KEY + ".pub");
            if (!Files.exists(secret) || !Files.exists(open)) {
                HostKey key = connector.newHostKey("lima-" + folder.name());
                folder.write(HOST_KEY, key.privateKey(), "rw-------");
                folder.write(HOST_KEY + ".pub", key.publicKey() + "\n", "rw-r--r--");
            }
            return new HostKey(Files.readString(secret), Files.readString(open).strip());
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot make the host key of instance `" + folder.name() + "`", e);
        }
    }

    Target target(InstanceFolder folder, InstanceConfig config, int port) {
        String[] words = hostKey(folder).publicKey().split(" ");
        if (words.length < 2) {
            throw new LimaException(
                    "the host key " + folder.file(HOST_KEY + ".pub") + " is damaged",
                    "Remove both files of that name and restart the instance");
        }
        return new Target(
                "127.0.0.1",
                port,
                config.user().name(),
                words[0] + " " + words[1],
                List.of(home.config().resolve("user")));
    }

    /** Writes {@code ssh.config} and {@code known_hosts} for ssh, scp, rsync and editors. */
    void describe(InstanceFolder folder, InstanceConfig config, int port) {
        String host = "lima-" + folder.name();
        folder.write("known_hosts", host + " " + hostKey(folder).publicKey() + "\n", "rw-r--r--");
        List<String> lines = new ArrayList<>(List.of(
                "# Made by jlima at each start; use it with ssh -F.",
                "Host " + host,
                "  Hostname 127.0.0.1",
                "  Port " + port,
                "  User " + config.user().name(),
                "  IdentityFile " + quoted(home.config().resolve("user")),
                "  IdentitiesOnly yes",
                "  PreferredAuthentications publickey",
                "  BatchMode yes",
                // The port may change from start to start; the name and the key stay.
                "  HostKeyAlias " + host,
                "  UserKnownHostsFile " + quoted(folder.file("known_hosts")),
                "  GlobalKnownHostsFile /dev/null",
                "  StrictHostKeyChecking yes",
                "  CheckHostIP no",
                "  Compression no",
                "  ControlMaster auto",
                "  ControlPath " + quoted(folder.file("ssh.sock")),
                "  ControlPersist yes"));
        if (config.ssh().forwardAgent()) {
            lines.add("  ForwardAgent yes");
        }
        if (config.ssh().forwardX11()) {
            lines.add("  ForwardX11 yes");
        }
        if (config.ssh().forwardX11Trusted()) {
            lines.add("  ForwardX11Trusted yes");
        }
        folder.write("ssh.config", String.join("\n", lines) + "\n", "rw-------");
    }

    /** ssh_config(5) takes a value in double quotes; a percent sign would start a token. */
    private static String quoted(Path path) {
        return "\"" + path.toString().replace("%", "%%") + "\"";
    }
}
