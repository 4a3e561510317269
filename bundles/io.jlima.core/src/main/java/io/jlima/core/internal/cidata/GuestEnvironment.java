// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.network.Network.Addresses;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** The variables of the guest's {@code /etc/environment}: {@code env} of lima.yaml and the caller's proxies. */
final class GuestEnvironment {
    private static final List<String> PROXIES = List.of("ftp_proxy", "http_proxy", "https_proxy", "no_proxy");

    /** A name server that does not answer must not hold up a start; the name is then taken for another machine's. */
    private static final long LOOKUP_MILLIS = 1000;

    private final Predicate<String> loopback;

    /** Asks the host's name service which names mean the host itself. */
    GuestEnvironment() {
        this(GuestEnvironment::meansThisHost);
    }

    /** @param loopback whether a host name or address leads to the host itself */
    GuestEnvironment(Predicate<String> loopback) {
        this.loopback = loopback;
    }

    /** The variables, sorted by name. */
    Map<String, String> variables(CidataRequest request) {
        Map<String, String> result = new TreeMap<>(request.config().env());
        for (String lower : PROXIES) {
            String upper = lower.toUpperCase(Locale.ROOT);
            for (String name : List.of(lower, upper)) {
                if (request.config().propagateProxyEnv()
                        && request.caller().variables().containsKey(name)) {
                    String value = request.caller().variables().get(name);
                    result.put(name, OneLine.checked("The environment variable " + name, value));
                }
                result.computeIfPresent(name, (n, value) -> value.isEmpty() ? null : value);
                if (!lower.equals("no_proxy")) {
                    result.computeIfPresent(name, (n, value) -> seenFromGuest(value, request));
                }
            }
            if (result.containsKey(lower)) {
                result.put(upper, result.get(lower));
            } else if (result.containsKey(upper)) {
                result.put(lower, result.get(upper));
            }
        }
        return result;
    }

    /** Text for {@code /etc/environment}, between the marks by which an older block is found. */
    String text(CidataRequest request) {
        StringBuilder text = new StringBuilder("#LIMA-START\n");
        variables(request)
                .forEach((name, value) ->
                        text.append(name).append('=').append(value).append('\n'));
        return text.append("#LIMA-END\n").toString();
    }

    private String seenFromGuest(String proxy, CidataRequest request) {
        String gateway = request.addresses().map(Addresses::gateway).orElse("");
        if (gateway.isEmpty()) {
            return proxy;
        }
        try {
            URI uri = new URI(proxy);
            String host = uri.getHost();
            if (host == null || !loopback.test(host)) {
                return proxy;
            }
            String shown = gateway.contains(":") ? "[" + gateway + "]" : gateway;
            // Put together from the raw parts: a password with an escaped character must stay as it is.
            String login = uri.getRawUserInfo() == null ? "" : uri.getRawUserInfo() + "@";
            String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
            String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
            return uri.getScheme() + "://" + login + shown + port + uri.getRawPath() + query;
        } catch (URISyntaxException e) {
            // Programs differ in what they take for a proxy; what is no URI to us may do for them.
            return proxy;
        }
    }

    private static boolean meansThisHost(String host) {
        if (host.equals("localhost") || host.endsWith(".localhost")) {
            return true;
        }
        FutureTask<Boolean> lookup = new FutureTask<>(
                () -> Arrays.stream(InetAddress.getAllByName(host)).anyMatch(InetAddress::isLoopbackAddress));
        Thread.ofVirtual().start(lookup);
        try {
            return lookup.get(LOOKUP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownHostException) {
                return false;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
