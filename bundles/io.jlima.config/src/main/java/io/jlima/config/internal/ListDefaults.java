// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.List;

/** Fills the entries of lists and evaluates the templates in them. */
final class ListDefaults {
    /** Forwards of so many ports are seldom meant in plain mode, where each needs a connection of its own. */
    private static final int MANY_STATIC_PORTS = 10;

    private final Facts facts;
    private final Vintage vintage;
    private final Evaluation evaluation;
    private final Findings findings;

    ListDefaults(Facts facts, Vintage vintage, Evaluation evaluation, Findings findings) {
        this.facts = facts;
        this.vintage = vintage;
        this.evaluation = evaluation;
        this.findings = findings;
    }

    void fill(Mapping document) {
        for (Mapping disk : document.mappings("additionalDisks")) {
            disk.fill("format", true);
            disk.fill("fsType", "ext4");
            disk.sequence("fsArgs");
        }
        String os = document.filledText("os");
        String owner = os.equals("Darwin") || os.equals("FreeBSD") ? "root:wheel" : "root:root";
        List<Mapping> steps = document.mappings("provision");
        for (int i = 0; i < steps.size(); i++) {
            provision(steps.get(i), owner, "provision[" + i + "]");
        }
        List<Mapping> probes = document.mappings("probes");
        for (int i = 0; i < probes.size(); i++) {
            Mapping probe = probes.get(i);
            probe.fill("mode", "readiness");
            if ("".equals(probe.text("description"))) {
                probe.remove("description");
            }
            probe.fill("description", "user probe " + (i + 1) + "/" + probes.size());
            probe.fill("hint", "");
            evaluation.guest(probe, "script", "probes[" + i + "].script");
        }
        List<Mapping> forwards = document.mappings("portForwards");
        for (int i = 0; i < forwards.size(); i++) {
            portForward(forwards.get(i), "portForwards[" + i + "]");
        }
        List<Mapping> copies = document.mappings("copyToHost");
        for (int i = 0; i < copies.size(); i++) {
            Mapping copy = copies.get(i);
            evaluation.guest(copy, "guest", "copyToHost[" + i + "].guest");
            evaluation.host(copy, "host", "copyToHost[" + i + "].host");
            Paths.expandHome(copy, "host", facts.home());
            copy.fill("skipIfMissing", false);
            copy.fill("deleteOnStop", false);
        }
        Sequence files = document.section("caCerts").sequence("files");
        files.items()
                .replaceAll(item -> item instanceof Scalar scalar
                        ? scalar.withText(Paths.expandHome(scalar.text(), facts.home()))
                        : item);
    }

    private void provision(Mapping step, String owner, String path) {
        step.fill("mode", "system");
        switch (step.filledText("mode")) {
            case "data" -> {
                step.fill("content", "");
                step.fill("overwrite", true);
                step.fill("owner", owner);
                step.fill("permissions", "644");
            }
            case "yq" -> {
                step.fill("owner", owner);
                step.fill("permissions", "644");
                step.fill("format", "auto");
            }
            case "dependency" -> step.fill("skipDefaultDependencyResolution", false);
            default -> {}
        }
        for (String key : List.of("script", "content", "expression", "owner", "path")) {
            evaluation.guest(step, key, path + "." + key);
        }
        Paths.expandHome(step, "playbook", facts.home());
    }

    private void portForward(Mapping rule, String path) {
        if (!rule.has("guestIP")) {
            rule.put("guestIP", Scalar.of(rule.flag("guestIPMustBeZero") ? "0.0.0.0" : "127.0.0.1"));
        }
        rule.fill(
                "guestIPMustBeZero",
                vintage.zeroMustBeZero() && rule.filledText("guestIP").equals("0.0.0.0"));
        rule.fill("hostIP", "127.0.0.1");
        for (String key : List.of("guestSocket", "hostSocket")) {
            if ("".equals(rule.text(key))) {
                rule.remove(key);
            }
        }
        evaluation.guest(rule, "guestSocket", path + ".guestSocket");
        evaluation.host(rule, "hostSocket", path + ".hostSocket");
        Paths.expandHome(rule, "hostSocket", facts.home());
        if (rule.get("hostSocket") instanceof Scalar socket && !Paths.isAbsolute(socket.text())) {
            rule.put("hostSocket", socket.withText(Paths.clean(facts.instanceDirectory() + "/sock/" + socket.text())));
        }
        fillRange(rule, "guest", 1, 65535);
        fillRange(rule, "host", end(rule, "guestPortRange", 0), end(rule, "guestPortRange", 1));
        if ("".equals(rule.text("proto"))) {
            rule.remove("proto");
        }
        rule.fill("proto", vintage.proto());
        rule.fill("reverse", false);
        rule.fill("ignore", false);
        rule.fill("static", false);
    }

    /** A single port is a range of one; a socket takes the place of ports. */
    private static void fillRange(Mapping rule, String side, long low, long high) {
        String key = side + "PortRange";
        if (rule.get(key) instanceof Sequence given && !given.items().isEmpty() || rule.isFaulty(key)) {
            return;
        }
        boolean followsGuest = side.equals("host") && !rule.has("hostPort") && !rule.has("hostSocket");
        if (rule.isFaulty(side + "Port")
                || followsGuest && rule.texts("guestPortRange").size() != 2) {
            // Reported where it stands; nothing can be derived from it.
            rule.addFaulty(key);
            return;
        }
        long port = rule.number(side + "Port");
        boolean socket = rule.has(side + "Socket");
        Node first = rule.get(side + "Port");
        List<Node> range = new ArrayList<>();
        for (long end : port != 0 ? new long[] {port, port} : socket ? new long[] {0, 0} : new long[] {low, high}) {
            range.add(new Scalar(
                    first == null ? rule.mark() : first.mark(), Kind.INT, String.valueOf(end), String.valueOf(end)));
        }
        rule.put(key, new Sequence(rule.markOf(side + "Port"), range));
    }

    static long end(Mapping rule, String key, int index) {
        List<String> range = rule.texts(key);
        return index < range.size() ? Long.parseLong(range.get(index)) : 0;
    }

    /** Takes away what plain mode does without; the last step of filling. */
    void makePlain(Mapping document) {
        document.remove("mounts");
        document.sequence("mounts");
        Mapping containerd = document.section("containerd");
        for (String key : List.of("system", "user")) {
            containerd.remove(key);
            containerd.fill(key, false);
        }
        document.remove("timezone");
        document.fill("timezone", "");
        document.sequence("portForwards").items().removeIf(rule -> rule instanceof Mapping m && !m.flag("static"));
        for (Mapping rule : document.mappings("portForwards")) {
            if (end(rule, "guestPortRange", 1) - end(rule, "guestPortRange", 0) >= MANY_STATIC_PORTS) {
                findings.warn(
                        rule.mark(), "a static forward of more than " + MANY_STATIC_PORTS + " ports is slow to set up");
            }
        }
    }
}
