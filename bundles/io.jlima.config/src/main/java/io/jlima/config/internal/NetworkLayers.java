// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.config.MacAddress;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Networks of all layers as one list; entries of the same interface name become one. */
final class NetworkLayers {
    private static final Pattern DOTTED = Pattern.compile("(?:[0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}");

    private final Facts facts;
    private final Findings findings;

    NetworkLayers(Facts facts, Findings findings) {
        this.facts = facts;
        this.findings = findings;
    }

    /** @param rising the entries of all layers, the lowest first */
    Sequence merge(List<Mapping> rising, Mapping document) {
        List<Mapping> merged = new ArrayList<>();
        Map<String, Mapping> byInterface = new LinkedHashMap<>();
        for (Mapping network : rising) {
            String name = network.text("interface");
            Mapping earlier = name == null || name.isEmpty() ? null : byInterface.putIfAbsent(name, network);
            if (earlier == null) {
                merged.add(network);
            } else {
                overwrite(earlier, network);
            }
        }
        for (int i = 0; i < merged.size(); i++) {
            Mapping network = merged.get(i);
            for (String key : List.of("lima", "socket", "macAddress", "interface")) {
                if ("".equals(network.text(key))) {
                    network.remove(key);
                }
            }
            colons(network);
            network.fill("macAddress", MacAddress.ofNetwork(facts.machineId(), facts.instanceDirectory(), i));
            network.fill("interface", "lima" + i);
            network.fill("metric", 100);
            Paths.expandHome(network, "socket", facts.home());
        }
        return new Sequence(document.keyMark("networks"), new ArrayList<>(merged));
    }

    /** Three groups of four digits, as switches print addresses, become six of two, as guests want them. */
    private static void colons(Mapping network) {
        String address = network.text("macAddress");
        if (address != null
                && DOTTED.matcher(address).matches()
                && network.get("macAddress") instanceof Scalar scalar) {
            String digits = address.replace(".", "");
            network.put("macAddress", scalar.withText(String.join(":", digits.split("(?<=\\G..)"))));
        }
    }

    private void overwrite(Mapping earlier, Mapping later) {
        if (later.has("lima") && later.has("socket")) {
            findings.warn(later.mark(), "this network has both lima and socket; lima wins");
        }
        if (later.has("lima")) {
            replace(earlier, later, "lima", "socket");
        } else if (later.has("socket")) {
            replace(earlier, later, "socket", "lima");
        }
        for (String key : List.of("macAddress", "metric")) {
            if (later.get(key) != null) {
                earlier.put(key, later.keyMark(key), Objects.requireNonNull(later.get(key)));
            }
        }
    }

    private static void replace(Mapping earlier, Mapping later, String key, String cleared) {
        earlier.put(key, later.keyMark(key), Objects.requireNonNull(later.get(key)));
        earlier.remove(cleared);
    }
}
