// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Asks web servers for one caller, through that caller's proxies. Redirects are followed here, because the client of
 * the JDK cannot say why it does not follow one. Used by one thread.
 */
final class WebClient implements AutoCloseable {
    private static final int MAX_REDIRECTS = 10;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final HostEnvironment caller;
    private final TrustedRoots roots;
    private final ProxyVariables proxies;
    private final Patience patience;
    private @Nullable HttpClient plain;
    private @Nullable HttpClient secure;

    WebClient(HostEnvironment caller, TrustedRoots roots, Patience patience) {
        this.caller = caller;
        this.roots = roots;
        this.proxies = new ProxyVariables(caller);
        this.patience = patience;
    }

    /** The client for a location; certificates are read only when some have to be checked. */
    private HttpClient client(URI uri) {
        boolean https = uri.getScheme().equalsIgnoreCase("https");
        HttpClient client = https ? secure : plain;
        if (client == null) {
            // Version 1.1 has nothing to lose on one large file, and does without flow control of its own.
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(patience.connect())
                    .proxy(proxies);
            if (https) {
                roots.of(caller).ifPresent(builder::sslContext);
                client = builder.build();
                secure = client;
            } else {
                client = builder.build();
                plain = client;
            }
        }
        return client;
    }

    /**
     * Asks for a location, and for that which it redirects to.
     *
     * @param patience for the answer, once connected
     * @throws LimaException when no answer comes, with the reason in one sentence
     */
    Answer ask(String method, String location, Map<String, String> headers, Duration patience)
            throws InterruptedException {
        URI uri = parse(location);
        String host = uri.getHost();
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            Answer answer = send(method, uri, host.equals(uri.getHost()) ? headers : withoutSecrets(headers), patience);
            if (!REDIRECTS.contains(answer.status())) {
                return answer;
            }
            answer.body().close();
            uri = redirect(uri, answer);
        }
        throw new LimaException(
                "redirected more than " + MAX_REDIRECTS + " times", "The last redirect led to " + uri, null, null);
    }

    /** What lets into one host is nothing that another should know. */
    private static Map<String, String> withoutSecrets(Map<String, String> headers) {
        Map<String, String> open = new HashMap<>(headers);
        open.remove("Authorization");
        return open;
    }

    private static URI parse(String location) {
        try {
            URI uri = new URI(location);
            if (uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new LimaException("not a valid URL", e);
        }
        throw new LimaException("not a valid URL: it names no host");
    }

    private static URI redirect(URI from, Answer answer) {
        String target = answer.header("location");
        URI to;
        try {
            to = from.resolve(new URI(target));
        } catch (URISyntaxException e) {
            throw new LimaException("the server redirects to something that is no URL: " + target);
        }
        String scheme = String.valueOf(to.getScheme());
        if (target.isEmpty() || to.getHost() == null || !scheme.equals("http") && !scheme.equals("https")) {
            throw new LimaException("the server redirects to something that is no web address: " + target);
        }
        if (from.getScheme().equalsIgnoreCase("https") && scheme.equals("http")) {
            throw new LimaException(
                    "the server redirects from https to http, which anybody on the way could change: " + to);
        }
        return to;
    }

    private Answer send(String method, URI uri, Map<String, String> headers, Duration wait)
            throws InterruptedException {
        Optional<URI> proxy = proxies.proxy(uri);
        String via = proxy.map(p -> " (through the proxy " + p.getHost() + ")").orElse("");
        String host = String.valueOf(proxy.orElse(uri).getHost());
        resolve(host);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("User-Agent", "jlima");
        headers.forEach(request::header);
        proxies.authorization(uri).ifPresent(value -> request.header("Proxy-Authorization", value));
        CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> sent =
                client(uri).sendAsync(request.build(), HttpResponse.BodyHandlers.ofPublisher());
        boolean answered = false;
        try {
            Duration longest = patience.connect().plus(wait);
            HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = sent.get(longest.toNanos(), TimeUnit.NANOSECONDS);
            answered = true;
            BodyReader body = new BodyReader(patience.silence());
            response.body().subscribe(body);
            return new Answer(response.statusCode(), response.headers(), body);
        } catch (ExecutionException e) {
            throw unanswered(host, via, e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new LimaException(
                    "%s took the connection and did not answer within %s s%s".formatted(host, wait.toSeconds(), via));
        } finally {
            if (!answered) {
                sent.cancel(true);
            }
        }
    }

    /** Looks a name up within bounds; what is found is remembered by the JVM for the connection that follows. */
    private void resolve(String host) throws InterruptedException {
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        FutureTask<InetAddress> lookup = new FutureTask<>(() -> InetAddress.getByName(bare));
        // The system's resolver cannot be interrupted, so it gets a thread that may be left behind.
        Thread.ofPlatform().daemon().name("resolve " + bare).start(lookup);
        try {
            lookup.get(patience.connect().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new LimaException(
                    "the name server did not say where %s is within %s s"
                            .formatted(bare, patience.connect().toSeconds()),
                    "Check the network connection.");
        } catch (ExecutionException e) {
            if (lookup.state() == Future.State.FAILED && lookup.exceptionNow() instanceof UnknownHostException) {
                throw new LimaException(
                        "there is no host " + bare,
                        "Check its name and the network connection; behind a proxy, http_proxy and https_proxy"
                                + " name it.");
            }
            throw new LimaException("cannot look up " + bare, e);
        }
    }

    private LimaException unanswered(String host, String via, Throwable cause) {
        String words = cause.getMessage() == null ? "" : cause.getMessage();
        return switch (cause) {
            case LimaException e -> e;
            case HttpConnectTimeoutException e ->
                new LimaException("%s did not take a connection within %s s%s"
                        .formatted(host, patience.connect().toSeconds(), via));
            case ConnectException e -> new LimaException(host + " cannot be reached" + via, words, null, cause);
            case SSLException e ->
                new LimaException(
                        "no secure connection to " + host + via,
                        words,
                        "If a company's proxy looks into https, add its certificate to the system's, or name a file"
                                + " with it in SSL_CERT_FILE.",
                        cause);
            case IOException e ->
                new LimaException("%s did not answer properly%s".formatted(host, via), words, null, cause);
            default -> new LimaException("asking %s failed%s".formatted(host, via), cause);
        };
    }

    @Override
    public void close() {
        HttpClient one = plain;
        if (one != null) {
            one.shutdownNow();
        }
        HttpClient other = secure;
        if (other != null) {
            other.shutdownNow();
        }
    }

    /** The beginning of an answer; its body is still to come, and is to be closed. */
    record Answer(int status, HttpHeaders headers, BodyReader body) {
        /** A header's value; empty when it is not there. */
        String header(String name) {
            return headers.firstValue(name).orElse("").strip();
        }
    }
}
