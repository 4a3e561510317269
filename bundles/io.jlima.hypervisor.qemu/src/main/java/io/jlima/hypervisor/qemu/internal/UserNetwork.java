// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.HostForwards;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Host forwards of QEMU's user-mode network, by the monitor commands hostfwd_add and hostfwd_remove, qemu(1). They are
 * commands for people: what went wrong is text, and so is the list of "info usernet".
 */
final class UserNetwork implements HostForwards {
    /** "Hub -1 (net0):", or before QEMU 6 "VLAN -1 (net0):". */
    private static final Pattern NETWORK = Pattern.compile("^(?:Hub|VLAN) -?\\d+ \\((\\S+)\\):");

    /** Protocol[State] FD Source-Address Port Dest-Address Port, as slirp_connection_info prints it. */
    private static final Pattern FORWARD =
            Pattern.compile("^\\s*(TCP|UDP)\\[HOST_FORWARD\\]\\s+-?\\d+\\s+(\\S+)\\s+(\\d+)\\s+(\\S+)\\s+(\\d+)");

    private final Monitor monitor;

    /** What the first network forwards; immutable. */
    private record Table(@Nullable String guestAddress, List<Forward> forwards) {}

    /** Runs a command for people. */
    @FunctionalInterface
    interface Monitor {
        Object execute(String command, Map<String, Object> arguments) throws QmpException, InterruptedException;
    }

    UserNetwork(Monitor monitor) {
        this.monitor = monitor;
    }

    @Override
    public Optional<String> guestAddress() throws IOException, InterruptedException {
        return Optional.ofNullable(table().guestAddress());
    }

    @Override
    public List<Forward> list() throws IOException, InterruptedException {
        return table().forwards();
    }

    @Override
    public void add(Forward forward) throws IOException, InterruptedException {
        // Without a network's name the command goes to the first, which is the one with the forward to sshd.
        String words = ask("hostfwd_add " + socket(forward) + "-:" + forward.guestPort());
        if (!words.isEmpty()) {
            throw new IOException("QEMU: " + words);
        }
    }

    @Override
    public void remove(Forward forward) throws IOException, InterruptedException {
        ask("hostfwd_remove " + socket(forward));
    }

    private static String socket(Forward forward) {
        return (forward.udp() ? "udp:" : "tcp:") + forward.hostAddress() + ":" + forward.hostPort();
    }

    private Table table() throws IOException, InterruptedException {
        return parse(ask("info usernet"));
    }

    private static Table parse(String text) {
        String network = null;
        String guest = null;
        List<Forward> forwards = new ArrayList<>();
        for (String line : text.split("\\R")) {
            Matcher head = NETWORK.matcher(line);
            if (head.find()) {
                if (network != null) {
                    break;
                }
                network = head.group(1);
            }
            Matcher row = FORWARD.matcher(line);
            if (row.find()) {
                String host = row.group(2).equals("*") ? "0.0.0.0" : row.group(2);
                forwards.add(new Forward(
                        row.group(1).equals("UDP"),
                        host,
                        Integer.parseInt(row.group(3)),
                        Integer.parseInt(row.group(5))));
                guest = guest == null ? row.group(4) : guest;
            }
        }
        return new Table(guest, List.copyOf(forwards));
    }

    private String ask(String line) throws IOException, InterruptedException {
        Object answer = monitor.execute("human-monitor-command", Map.of("command-line", line));
        return answer instanceof String text ? text.strip() : "";
    }
}
