// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Templates of the web, from a server of this very test. */
class WebPagesTest {
    private static final HostEnvironment CALLER = new HostEnvironment(Map.of(), Path.of("/"), 022);

    private final WebPages pages = new WebPages();
    private final List<String> tokens = new CopyOnWriteArrayList<>();
    private HttpServer server = start();

    private static HttpServer start() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @BeforeEach
    void serve() {
        page("/x.yaml", 200, "cpus: 3 # ä\n".getBytes(StandardCharsets.UTF_8), null);
        page("/latin1", 200, new byte[] {'a', (byte) 0xe4}, null);
        page("/none", 404, new byte[0], null);
        page("/here", 302, new byte[0], "/x.yaml");
        page(
                "/there",
                302,
                new byte[0],
                "http://localhost:" + server.getAddress().getPort() + "/x.yaml");
        server.start();
    }

    private void page(String path, int status, byte[] body, @org.jspecify.annotations.Nullable String location) {
        server.createContext(path, exchange -> {
            tokens.add(path + " " + exchange.getRequestHeaders().getFirst("Authorization"));
            if (location != null) {
                exchange.getResponseHeaders().add("Location", location);
            }
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String fetch(String path, int longest) {
        URI location = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        return pages.fetch(location, Map.of("Authorization", "Bearer secret"), longest, CALLER);
    }

    @Test
    void aPageIsText() {
        assertThat(fetch("/x.yaml", 100)).isEqualTo("cpus: 3 # ä\n");
        assertThat(tokens).containsExactly("/x.yaml Bearer secret");
    }

    @Test
    void secretsStayWithTheirHost() {
        assertThat(fetch("/here", 100)).startsWith("cpus");
        assertThat(fetch("/there", 100)).startsWith("cpus");
        assertThat(tokens)
                .containsExactly(
                        "/here Bearer secret", "/x.yaml Bearer secret", "/there Bearer secret", "/x.yaml null");
    }

    @Test
    void whatIsNoTemplateIsRefused() {
        assertThatThrownBy(() -> fetch("/none", 100))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("answered with status 404")
                .hasMessageContaining("check its spelling");
        assertThatThrownBy(() -> fetch("/x.yaml", 5)).hasMessageContaining("longer than 5 bytes");
        assertThatThrownBy(() -> fetch("/latin1", 100)).hasMessageContaining("not text in UTF-8");
    }
}
