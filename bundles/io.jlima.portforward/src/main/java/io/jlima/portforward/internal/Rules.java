// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.config.InstanceConfig.PortForward;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The rules of one instance, in Lima's order: what is the host's own, then {@code portForwards}, then the rule that
 * forwards what listens on the guest's loopback address. The first that matches decides. Immutable.
 */
final class Rules {
    static final String DEFAULT = "default";
    private static final String BUILT_IN = "built-in";
    private static final int SSH = 22;

    /** Multicast DNS (RFC 6762) and LLMNR (RFC 4795): the host answers these for itself. */
    private static final Set<Integer> NAME_SERVICES = Set.of(5353, 5355);

    private final List<PortForward> rules;
    private final int sshPort;

    /** @param sshPort port of the host that leads to the guest's sshd */
    Rules(List<PortForward> rules, int sshPort) {
        this.rules = List.copyOf(rules);
        this.sshPort = sshPort;
    }

    /** What is to become of a TCP or UDP listener. */
    Decision decide(GuestAddress listener) {
        int port = listener.port();
        if (isGuarded(port) && rules.stream().noneMatch(rule -> names(rule, port))) {
            return new Decision.Refused(BUILT_IN, guard(port), false);
        }
        String address = Addresses.plain(listener.host());
        for (int i = 0; i < rules.size(); i++) {
            PortForward rule = rules.get(i);
            if (isStatic(rule) && hasPort(rule, port)) {
                return new Decision.Refused(name(i), "the static forward of this rule has the port", true);
            }
        }
        for (int i = 0; i < rules.size(); i++) {
            PortForward rule = rules.get(i);
            if (!matches(rule, listener.protocol(), address, port)) {
                continue;
            }
            if (!rule.ignore()) {
                return forwarded(name(i), rule, listener);
            }
            // Who listens on all addresses is not meant by a rule about one of them.
            if (!Addresses.isWildcard(address) || Addresses.isWildcard(rule.guestIP())) {
                return new Decision.Refused(name(i), "the rule says ignore", isSwitchedOff(listener.protocol()));
            }
        }
        if (isSwitchedOff(listener.protocol())) {
            // The documented way to switch forwarding off is about 0.0.0.0 alone, and means all.
            return new Decision.Refused(name(0), "the rule says ignore", true);
        }
        if (Addresses.isWildcard(address) || isLoopback(address)) {
            return new Decision.Forwarded(DEFAULT, new HostAddress(listener.protocol(), "127.0.0.1", port));
        }
        return new Decision.Refused(DEFAULT, "no rule is about the guest's address " + address, false);
    }

    /** The address of the rule without a name: 127.0.0.1, and ::1 stands for the same. */
    private static boolean isLoopback(String address) {
        return address.equals("127.0.0.1") || address.equals("::1");
    }

    private boolean isGuarded(int port) {
        return port == SSH || port == sshPort || NAME_SERVICES.contains(port);
    }

    private String guard(int port) {
        return NAME_SERVICES.contains(port)
                ? "port " + port + " is the host's own name service; a rule that names the port forwards it"
                : "port " + port + " belongs to ssh" + (port == SSH ? "" : "; a rule that names the port forwards it");
    }

    /** Whether a rule is about this very port, and not about many. */
    private static boolean names(PortForward rule, int port) {
        return rule.guestSocket() == null && rule.guestPortFirst() == port && rule.guestPortLast() == port;
    }

    private static boolean isStatic(PortForward rule) {
        return rule.isStatic() && !rule.ignore() && rule.guestSocket() == null;
    }

    private static boolean hasPort(PortForward rule, int port) {
        return rule.guestSocket() == null && port >= rule.guestPortFirst() && port <= rule.guestPortLast();
    }

    private static boolean matches(PortForward rule, Protocol protocol, String address, int port) {
        if (!hasPort(rule, port) || !covers(rule, protocol)) {
            return false;
        }
        String wanted = Addresses.plain(rule.guestIP());
        return Addresses.isWildcard(address)
                || address.equals(wanted)
                || address.equals("::1") && wanted.equals("127.0.0.1")
                || Addresses.isWildcard(wanted) && !rule.guestIPMustBeZero();
    }

    private static boolean covers(PortForward rule, Protocol protocol) {
        return rule.proto().equals("any") || rule.proto().equals(protocol == Protocol.UDP ? "udp" : "tcp");
    }

    private static Decision forwarded(String name, PortForward rule, GuestAddress listener) {
        String socket = rule.hostSocket();
        if (socket == null) {
            return new Decision.Forwarded(
                    name,
                    new HostAddress(
                            listener.protocol(),
                            Addresses.plain(rule.hostIP()),
                            listener.port() + rule.hostPortFirst() - rule.guestPortFirst()));
        }
        return listener.protocol() == Protocol.UDP
                ? new Decision.Refused(name, "a unix socket carries no datagrams", false)
                : new Decision.Forwarded(name, HostAddress.unix(socket));
    }

    /** Whether the rules begin with ones that leave all ports of a protocol alone. */
    boolean isSwitchedOff(Protocol protocol) {
        for (PortForward rule : rules) {
            boolean all = rule.ignore()
                    && rule.guestSocket() == null
                    && rule.guestPortFirst() == 1
                    && rule.guestPortLast() == 65535
                    && Addresses.isWildcard(rule.guestIP());
            if (!all) {
                return false;
            }
            if (covers(rule, protocol)) {
                return true;
            }
        }
        return false;
    }

    /** What is opened at once, and not when something listens. */
    List<FixedForward> fixed() {
        List<FixedForward> all = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            PortForward rule = rules.get(i);
            if (rule.ignore()) {
                continue;
            }
            if (rule.guestSocket() != null) {
                HostAddress host = rule.hostSocket() != null
                        ? HostAddress.unix(rule.hostSocket())
                        : new HostAddress(Protocol.TCP, Addresses.plain(rule.hostIP()), rule.hostPortFirst());
                all.add(new FixedForward(
                        name(i), host, GuestAddress.unix(rule.guestSocket()), rule.reverse(), rule.isStatic()));
            } else if (rule.isStatic()) {
                statics(name(i), rule, all);
            }
        }
        return all;
    }

    private static void statics(String name, PortForward rule, List<FixedForward> all) {
        for (int port = rule.guestPortFirst(); port <= rule.guestPortLast(); port++) {
            HostAddress host = rule.hostSocket() != null
                    ? HostAddress.unix(Objects.requireNonNull(rule.hostSocket()))
                    : new HostAddress(
                            Protocol.TCP,
                            Addresses.plain(rule.hostIP()),
                            port + rule.hostPortFirst() - rule.guestPortFirst());
            all.add(new FixedForward(name, host, GuestAddress.tcp(Addresses.plain(rule.guestIP()), port), false, true));
        }
    }

    private static String name(int index) {
        return "portForwards[" + index + "]";
    }
}
