// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.cli.internal.edit.EditFlag.Values;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the flags about networks, names and ports do. */
final class NetworkFlags {
    /** Digits and dots, or hexadecimal digits and colons; what exactly is an address, validation says. */
    private static final Pattern ADDRESS =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private static final Pattern FORWARD =
            Pattern.compile("\\s*([0-9]+)\\s*:\\s*([0-9]+)\\s*(?:,\\s*static\\s*=\\s*(true|false)\\s*)?");

    private NetworkFlags() {}

    static void dns(Tree tree, Values values) {
        List<@Nullable Object> servers = tree.items("dns");
        for (String value : values.all()) {
            for (String server : value.split(",")) {
                if (!ADDRESS.matcher(server.strip()).matches()) {
                    throw new LimaException("\"" + server + "\" is not an IP address", "for example: --dns 1.1.1.1");
                }
                if (!servers.contains(server.strip())) {
                    servers.add(server.strip());
                }
            }
        }
        tree.put("dns", servers);
        tree.put("hostResolver.enabled", false);
    }

    static void add(Tree tree, Values values) {
        List<@Nullable Object> networks = tree.items("networks");
        for (String value : values.all()) {
            for (String name : value.split(",")) {
                Map<String, Object> network = network(name.strip());
                boolean there = networks.stream()
                        .anyMatch(n -> n instanceof Map<?, ?> map
                                && network.entrySet().stream()
                                        .allMatch(e -> e.getValue().equals(map.get(e.getKey()))));
                if (!there) {
                    networks.add(network);
                }
            }
        }
        tree.put("networks", networks);
    }

    private static Map<String, Object> network(String name) {
        if (name.equals("vzNAT")) {
            return Map.of("vzNAT", true);
        }
        if (name.startsWith("lima:") && name.length() > "lima:".length()) {
            return Map.of("lima", name.substring("lima:".length()));
        }
        throw new LimaException("\"" + name + "\" names no network", "write lima:NAME or vzNAT");
    }

    static void portForward(Tree tree, Values values) {
        List<@Nullable Object> forwards = tree.items("portForwards");
        for (String value : values.all()) {
            Matcher forward = FORWARD.matcher(value);
            if (!forward.matches()) {
                throw new LimaException(
                        "\"" + value + "\" is no forward", "write HOST:GUEST or HOST:GUEST,static=true, with ports");
            }
            if (values.invocation().has("plain") && !"true".equals(forward.group(3))) {
                throw new LimaException(
                        "--plain forwards no port that is not static: \"" + value + "\"",
                        "write --port-forward " + forward.group(1) + ":" + forward.group(2) + ",static=true");
            }
            Map<String, Object> rule = new LinkedHashMap<>();
            rule.put("guestPort", forward.group(2));
            rule.put("hostPort", forward.group(1));
            if (forward.group(3) != null) {
                rule.put("static", Boolean.valueOf(forward.group(3)));
            }
            forwards.add(rule);
        }
        tree.put("portForwards", forwards);
    }
}
