// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** What is refused in forwarding rules. */
final class ForwardRules {
    private static final Set<String> PROTOCOLS = Set.of("tcp", "udp", "any");

    private final int longestSocketPath;
    private final Findings findings;

    /** @param os host operating system, which limits the length of socket paths */
    ForwardRules(String os, Findings findings) {
        this.longestSocketPath = SocketFile.longestPath(os);
        this.findings = findings;
    }

    void check(Mapping document) {
        List<Mapping> rules = document.mappings("portForwards");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "portForwards[" + i + "]");
        }
    }

    private void rule(Mapping rule, String path) {
        if (rule.flag("guestIPMustBeZero") && !rule.filledText("guestIP").equals("0.0.0.0")) {
            findings.error(
                    rule.markOf("guestIPMustBeZero"),
                    path + ".guestIPMustBeZero needs guestIP 0.0.0.0, not " + rule.text("guestIP"),
                    "write guestIP: 0.0.0.0, or remove guestIPMustBeZero");
        }
        boolean guestSocket = rule.has("guestSocket");
        boolean hostSocket = rule.has("hostSocket");
        boolean usable = side(rule, "guest", path);
        if (guestSocket && !hostSocket && ListDefaults.end(rule, "hostPortRange", 0) == 0) {
            // Nothing was given for the host, and it cannot have the guest's ports.
            usable = usable && !rule.isFaulty("hostPortRange");
        } else {
            usable &= side(rule, "host", path);
        }
        if (usable) {
            lengths(rule, path, guestSocket, hostSocket);
        }
        sockets(rule, path);
        if (!PROTOCOLS.contains(rule.filledText("proto"))) {
            findings.error(
                    rule.markOf("proto"),
                    path + ".proto must be tcp, udp or any, not \"" + rule.text("proto") + "\"",
                    "write it in lower case; any is both");
        }
        if (rule.flag("reverse") && !(guestSocket && hostSocket)) {
            findings.error(
                    rule.markOf("reverse"),
                    path + ".reverse needs both guestSocket and hostSocket",
                    "ports cannot be forwarded from the host to the guest; use sockets, or remove reverse");
        }
    }

    /** Whether the ports of one side make sense. */
    private boolean side(Mapping rule, String side, String path) {
        String range = side + "PortRange";
        String name = path + "." + range;
        if (rule.has(side + "Port") && rule.number(side + "Port") != 0) {
            if (rule.has(side + "Socket")) {
                findings.error(
                        rule.markOf(side + "Port"),
                        path + ": " + side + "Port and " + side + "Socket cannot both be given",
                        "keep one of them");
                return false;
            }
            if (rule.number(side + "Port") != ListDefaults.end(rule, range, 0)) {
                findings.error(
                        rule.markOf(side + "Port"),
                        path + ": " + side + "Port is " + rule.text(side + "Port") + " but " + side
                                + "PortRange begins with " + ListDefaults.end(rule, range, 0),
                        "keep one of them");
                return false;
            }
        }
        if (rule.has(side + "Socket")) {
            return true;
        }
        if (rule.texts(range).size() != 2) {
            if (!rule.isFaulty(range)) {
                findings.error(
                        rule.markOf(range),
                        name + " must have two ports, the first and the last, not "
                                + rule.texts(range).size(),
                        "write one like [8000, 8010]");
            }
            return false;
        }
        boolean usable = true;
        for (int i = 0; i < 2; i++) {
            long port = ListDefaults.end(rule, range, i);
            if (port < 1 || port > 65535 || port == 22) {
                findings.error(
                        rule.markOf(range),
                        path + ": " + side + " port " + port + " must be from 1 to 65535 and not 22",
                        port == 22 ? "22 is how jlima itself gets into guests; choose another" : "choose another port");
                usable = false;
            }
        }
        if (usable && ListDefaults.end(rule, range, 0) > ListDefaults.end(rule, range, 1)) {
            findings.error(
                    rule.markOf(range),
                    name + " ends before it begins",
                    "write [" + ListDefaults.end(rule, range, 1) + ", " + ListDefaults.end(rule, range, 0) + "]");
            usable = false;
        }
        return usable;
    }

    private void lengths(Mapping rule, String path, boolean guestSocket, boolean hostSocket) {
        long guest = length(rule, "guestPortRange");
        long host = length(rule, "hostPortRange");
        if (!guestSocket && !hostSocket && guest != host) {
            findings.error(
                    rule.markOf("hostPortRange"),
                    path + ": the guest has " + guest + " ports but the host " + host,
                    "give both sides equally many");
        } else if (guestSocket && !hostSocket && (host != 1 || ListDefaults.end(rule, "hostPortRange", 0) == 0)) {
            findings.error(
                    rule.markOf("guestSocket"),
                    path + ".guestSocket needs a hostSocket or a single hostPort",
                    "add for example \"hostSocket: x.sock\"");
        } else if (hostSocket && !guestSocket && guest != 1) {
            findings.error(
                    rule.markOf("hostSocket"),
                    path + ".hostSocket needs a guestSocket or a single guestPort",
                    "add for example \"guestSocket: /run/x.sock\"");
        }
    }

    private void sockets(Mapping rule, String path) {
        String guest = rule.text("guestSocket");
        if (guest != null && !Paths.isAbsolute(guest)) {
            findings.error(
                    rule.markOf("guestSocket"),
                    path + ".guestSocket must be an absolute path, not \"" + guest + "\"",
                    "write one like /run/" + guest);
        }
        String host = rule.text("hostSocket");
        if (host != null && host.getBytes(StandardCharsets.UTF_8).length > longestSocketPath) {
            findings.error(
                    rule.markOf("hostSocket"),
                    path + ".hostSocket: " + host + " is longer than the " + longestSocketPath
                            + " bytes that a socket path can have",
                    "use a shorter path or a shorter LIMA_HOME");
        }
    }

    private static long length(Mapping rule, String range) {
        return ListDefaults.end(rule, range, 1) - ListDefaults.end(rule, range, 0) + 1;
    }
}
