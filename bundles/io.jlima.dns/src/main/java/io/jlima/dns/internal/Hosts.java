// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Names whose addresses are known without asking, and the names of those addresses. Immutable. */
final class Hosts {
    private final Map<String, List<InetAddress>> addresses = new HashMap<>();
    private final Map<String, String> aliases = new HashMap<>();
    private final Map<String, String> names = new HashMap<>();

    /** hosts(5). Addresses of the host itself are of no use to a guest, so that lines about them are left out. */
    static Hosts ofFile(String text) {
        Hosts hosts = new Hosts();
        for (String line : text.split("\\R")) {
            String[] words = line.replaceFirst("#.*", "").strip().split("\\s+");
            if (words.length < 2) {
                continue;
            }
            try {
                InetAddress address = InetAddress.ofLiteral(words[0]);
                for (int i = 1; i < words.length && !address.isLoopbackAddress(); i++) {
                    hosts.add(words[i], address);
                }
            } catch (IllegalArgumentException e) {
                // Not an address; the C library passes over it too.
                continue;
            }
        }
        return hosts;
    }

    /** {@code hostResolver.hosts}: names with an address or another name each. */
    static Hosts ofMap(Map<String, String> map) {
        Hosts hosts = new Hosts();
        map.forEach((name, value) -> {
            try {
                hosts.add(name, InetAddress.ofLiteral(value));
            } catch (IllegalArgumentException e) {
                hosts.aliases.put(plain(name), plain(value));
            }
        });
        return hosts;
    }

    private void add(String name, InetAddress address) {
        addresses.computeIfAbsent(plain(name), n -> new ArrayList<>()).add(address);
        names.putIfAbsent(reverse(address), plain(name));
    }

    private static String plain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    boolean knows(String name) {
        return addresses.containsKey(name);
    }

    List<InetAddress> addresses(String name) {
        return addresses.getOrDefault(name, List.of());
    }

    /** Follows aliases to their end; a circle ends where it began. */
    String follow(String name) {
        Set<String> seen = new HashSet<>();
        String at = name;
        while (seen.add(at) && aliases.get(at) instanceof String next) {
            at = next;
        }
        return at;
    }

    /** The name of a question about an address, such as 2.5.168.192.in-addr.arpa; empty when there is none. */
    String nameOf(String reverse) {
        return names.getOrDefault(reverse, "");
    }

    static String reverse(InetAddress address) {
        byte[] bytes = address.getAddress();
        StringBuilder text = new StringBuilder();
        for (int i = bytes.length - 1; i >= 0; i--) {
            if (address instanceof Inet4Address) {
                text.append(bytes[i] & 0xff).append('.');
            } else {
                text.append(Integer.toHexString(bytes[i] & 0xf))
                        .append('.')
                        .append(Integer.toHexString(bytes[i] >> 4 & 0xf))
                        .append('.');
            }
        }
        return text.append(address instanceof Inet4Address ? "in-addr.arpa" : "ip6.arpa")
                .toString();
    }
}
