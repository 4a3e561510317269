// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Words;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What is refused in networks. */
final class NetworkRules {
    private static final Pattern MAC = Pattern.compile(
            "[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\\1){4}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}");
    private static final Pattern BAD_IN_NAME = Pattern.compile("[\\s/]");

    /** IFNAMSIZ of Linux without the final zero, see netdevice(7). */
    private static final int LONGEST_NAME = 15;

    private final String os;
    private final Map<String, String> modes;
    private final Findings findings;

    /**
     * @param os host operating system
     * @param modes mode of each network of networks.yaml, by name
     */
    NetworkRules(String os, Map<String, String> modes, Findings findings) {
        this.os = os;
        this.modes = modes;
        this.findings = findings;
    }

    void check(List<Mapping> networks) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < networks.size(); i++) {
            Mapping network = networks.get(i);
            String path = "networks[" + i + "]";
            target(network, path);
            String mac = network.filledText("macAddress");
            if (!MAC.matcher(mac).matches()) {
                findings.error(
                        network.markOf("macAddress"),
                        path + ".macAddress: \"" + mac + "\" is no MAC address",
                        "write six hexadecimal bytes like 52:55:55:12:34:56");
            }
            name(network, path, names);
            if (network.number("metric") < 0) {
                findings.error(
                        network.markOf("metric"),
                        path + ".metric must not be negative, but is " + network.text("metric"),
                        "lower wins; the first interface has 200");
            }
        }
    }

    private void target(Mapping network, String path) {
        String lima = network.text("lima");
        String socket = network.text("socket");
        int given = (lima == null ? 0 : 1) + (socket == null ? 0 : 1) + (network.flag("vzNAT") ? 1 : 0);
        if (given != 1 && !network.isFaulty("socket") && !network.isFaulty("lima") && !network.isFaulty("vzNAT")) {
            findings.error(
                    network.mark(),
                    path + " must have one of lima, socket and vzNAT, but has " + (given == 0 ? "none" : given),
                    given == 0 ? "add for example \"lima: user-v2\"" : "remove the others");
        }
        if (lima != null && !modes.containsKey(lima)) {
            String near = Words.nearest(lima, modes.keySet())
                    .map(n -> "did you mean " + n + "?")
                    .orElse("known are " + String.join(", ", modes.keySet()));
            findings.error(network.markOf("lima"), path + ".lima: networks.yaml has no network \"" + lima + "\"", near);
        } else if (lima != null && !"user-v2".equals(modes.get(lima)) && !os.equals("darwin")) {
            findings.error(
                    network.markOf("lima"),
                    path + ".lima: the network " + lima + " needs socket_vmnet, which only macOS has",
                    "use lima: user-v2, or socket: with the socket of a switch");
        }
        if (socket != null && SocketFile.isSomethingElse(Path.of(socket))) {
            findings.error(
                    network.markOf("socket"),
                    path + ".socket: " + socket + " is not a socket",
                    "name the socket of a switch like socket_vmnet");
        }
    }

    private void name(Mapping network, String path, Set<String> names) {
        String name = network.filledText("interface");
        String wrong = name.equals("eth0")
                ? "is the built-in interface's name"
                : name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME
                        ? "is longer than " + LONGEST_NAME + " bytes"
                        : BAD_IN_NAME.matcher(name).find()
                                ? "has a blank or a slash in it"
                                : names.add(name) ? null : "is used twice";
        if (wrong != null) {
            findings.error(
                    network.markOf("interface"),
                    path + ".interface: \"" + name + "\" " + wrong,
                    "choose a name like lima0");
        }
    }
}
