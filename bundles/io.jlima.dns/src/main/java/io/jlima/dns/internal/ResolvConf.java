// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What resolv.conf(5) says, and OpenBSD's way to name another port, {@code nameserver [127.0.0.1]:5300}.
 *
 * @param servers in their order; three at most count
 * @param search domains to try names in that have fewer than {@code ndots} dots
 */
record ResolvConf(List<InetSocketAddress> servers, List<String> search, int ndots) {
    private static final int PORT = 53;
    private static final int MOST_SERVERS = 3;
    private static final Pattern WITH_PORT = Pattern.compile("\\[(.+)]:([1-9]\\d{0,4})");

    /** Where a host without any resolver of its own is left to; Lima's choice. */
    private static final List<String> PUBLIC = List.of("8.8.8.8", "1.1.1.1");

    static ResolvConf parse(String text) {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        int ndots = 1;
        for (String line : text.split("\\R")) {
            String[] words = line.strip().split("\\s+");
            if (words.length < 2) {
                continue;
            }
            List<String> rest = List.of(words).subList(1, words.length);
            switch (words[0]) {
                case "nameserver" -> server(words[1], servers);
                case "search", "domain" ->
                    search = rest.stream()
                            .map(d -> d.toLowerCase(Locale.ROOT).replaceAll("\\.$", ""))
                            .filter(d -> !d.isEmpty())
                            .toList();
                case "options" -> {
                    for (String option : rest) {
                        if (option.matches("ndots:\\d{1,2}")) {
                            ndots = Math.min(15, Integer.parseInt(option.substring(6)));
                        }
                    }
                }
                default -> {
                    // Of no matter here.
                }
            }
        }
        if (servers.isEmpty()) {
            PUBLIC.forEach(address -> server(address, servers));
        }
        return new ResolvConf(List.copyOf(servers), search, ndots);
    }

    private static void server(String word, List<InetSocketAddress> servers) {
        if (servers.size() == MOST_SERVERS) {
            return;
        }
        Matcher withPort = WITH_PORT.matcher(word);
        String address = withPort.matches() ? withPort.group(1) : word;
        try {
            int port = withPort.matches() ? Integer.parseInt(withPort.group(2)) : PORT;
            servers.add(new InetSocketAddress(InetAddress.ofLiteral(address), port));
        } catch (IllegalArgumentException e) {
            // No address, or no port; the C library passes over it too.
            return;
        }
    }
}
