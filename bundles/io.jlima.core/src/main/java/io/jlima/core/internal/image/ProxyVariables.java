// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The proxies named by a caller's {@code http_proxy}, {@code https_proxy} and {@code no_proxy}, in lower case or in
 * capitals, by the rules that Lima's language has for them: this host itself is never asked through a proxy.
 */
final class ProxyVariables extends ProxySelector {
    private final HostEnvironment caller;

    ProxyVariables(HostEnvironment caller) {
        this.caller = caller;
    }

    /**
     * The proxy to ask for a location; empty when it is asked directly.
     *
     * @throws LimaException when the variable makes no sense
     */
    Optional<URI> proxy(URI location) {
        String variable = location.getScheme().toLowerCase(Locale.ROOT) + "_proxy";
        Optional<String> value = value(variable);
        if (value.isEmpty() || isExempt(location)) {
            return Optional.empty();
        }
        String text = value.get().contains("://") ? value.get() : "http://" + value.get();
        try {
            URI proxy = new URI(text);
            if ("http".equalsIgnoreCase(proxy.getScheme()) && proxy.getHost() != null) {
                return Optional.of(proxy);
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw new LimaException(
                "The proxy in " + variable + " cannot be used",
                "Set it to the address of an HTTP proxy, for example http://proxy.example:3128.");
    }

    /** What to send to the proxy to be let in; empty when its address has no user in it. */
    Optional<String> authorization(URI location) {
        return proxy(location)
                .map(URI::getUserInfo)
                .map(user -> "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public List<Proxy> select(URI location) {
        return proxy(location)
                .map(p -> List.of(new Proxy(
                        Proxy.Type.HTTP, new InetSocketAddress(p.getHost(), p.getPort() < 0 ? 80 : p.getPort()))))
                .orElse(List.of(Proxy.NO_PROXY));
    }

    @Override
    public void connectFailed(URI location, SocketAddress proxy, IOException cause) {
        // The failure reaches the one who asked.
    }

    private Optional<String> value(String name) {
        return caller.variable(name).or(() -> caller.variable(name.toUpperCase(Locale.ROOT)));
    }

    private boolean isExempt(URI location) {
        String host = bare(String.valueOf(location.getHost()).toLowerCase(Locale.ROOT));
        Optional<byte[]> address = literal(host);
        if (host.equals("localhost")
                || address.filter(ProxyVariables::isLoopback).isPresent()) {
            return true;
        }
        int port = location.getPort() >= 0
                ? location.getPort()
                : location.getScheme().equals("https") ? 443 : 80;
        return value("no_proxy").stream()
                .flatMap(list -> Arrays.stream(list.split(",")))
                .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
                .filter(entry -> !entry.isEmpty())
                .anyMatch(entry -> matches(entry, host, port, address));
    }

    private static boolean matches(String entry, String host, int port, Optional<byte[]> address) {
        if (entry.equals("*")) {
            return true;
        }
        int slash = entry.indexOf('/');
        if (slash > 0) {
            return address.isPresent()
                    && literal(entry.substring(0, slash))
                            .filter(network -> isInside(address.get(), network, entry.substring(slash + 1)))
                            .isPresent();
        }
        String name = entry;
        int colon = entry.lastIndexOf(':');
        if (colon > 0 && (entry.indexOf(':') == colon || entry.charAt(colon - 1) == ']')) {
            if (!entry.substring(colon + 1).equals(Integer.toString(port))) {
                return false;
            }
            name = entry.substring(0, colon);
        }
        name = bare(name);
        if (name.startsWith("*.")) {
            name = name.substring(1);
        }
        if (name.startsWith(".")) {
            return host.endsWith(name);
        }
        Optional<byte[]> own = literal(name);
        return own.isPresent()
                ? address.filter(a -> Arrays.equals(a, own.get())).isPresent()
                : host.equals(name) || host.endsWith("." + name);
    }

    private static boolean isInside(byte[] address, byte[] network, String prefix) {
        if (address.length != network.length || !prefix.matches("\\d{1,3}")) {
            return false;
        }
        int bits = Integer.parseInt(prefix);
        for (int i = 0; i < address.length * 8 && i < bits; i++) {
            int mask = 0x80 >> (i % 8);
            if ((address[i / 8] & mask) != (network[i / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLoopback(byte[] address) {
        try {
            return InetAddress.getByAddress(address).isLoopbackAddress();
        } catch (IOException e) {
            return false;
        }
    }

    private static String bare(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** The address that is written out in a host name; names are not looked up. */
    private static Optional<byte[]> literal(String host) {
        try {
            return Optional.of(InetAddress.ofLiteral(host).getAddress());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
