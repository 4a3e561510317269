// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyVariablesTest {
    private static final Path HERE = Path.of("/nowhere");

    @ParameterizedTest
    @CsvSource({
        "http://a.example/x, http_proxy, http://p:3128",
        "http://a.example/x, HTTP_PROXY, http://p:3128",
        "http://a.example/x, https_proxy, ''",
        "https://a.example/x, https_proxy, http://p:3128",
        "https://a.example/x, HTTPS_PROXY, http://p:3128",
        "http://localhost/x, http_proxy, ''",
        "http://127.1.2.3/x, http_proxy, ''",
        "http://[::1]:80/x, http_proxy, ''",
        "http://10.0.0.1/x, http_proxy, http://p:3128"
    })
    void theVariableOfTheSchemeCounts(URI location, String variable, String proxy) {
        ProxyVariables variables =
                new ProxyVariables(Desk.in(HERE, variable, "p:3128").caller());
        assertThat(variables.proxy(location).map(URI::toString).orElse("")).isEqualTo(proxy);
        assertThat(variables.select(location).getFirst().toString()).contains(proxy.isEmpty() ? "DIRECT" : "p");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http://a.example/x      | *                     | true",
                "http://a.example/x      | a.example             | true",
                "http://A.Example/x      | a.EXAMPLE             | true",
                "http://b.a.example/x    | a.example             | true",
                "http://ba.example/x     | a.example             | false",
                "http://a.example/x      | .a.example            | false",
                "http://b.a.example/x    | .a.example            | true",
                "http://b.a.example/x    | *.a.example           | true",
                "http://a.example/x      | other, a.example      | true",
                "http://a.example/x      | ,                     | false",
                "http://a.example:81/x   | a.example:81          | true",
                "http://a.example/x      | a.example:80          | true",
                "https://a.example/x     | a.example:443         | true",
                "http://a.example/x      | a.example:81          | false",
                "http://10.1.2.3/x       | 10.0.0.0/8            | true",
                "http://11.1.2.3/x       | 10.0.0.0/8            | false",
                "http://10.1.2.3/x       | 10.1.2.3              | true",
                "http://10.1.2.3/x       | 10.1.2.0/x            | false",
                "http://110.1.2.3/x      | 10.1.2.3              | false",
                "http://[fd00::1]/x      | fd00::/8              | true",
                "http://[fd00::1]/x      | fd00::1               | true",
                "http://[fd00::1]/x      | [fd00::1]:80          | true",
                "http://[fe00::1]/x      | fd00::/8              | false"
            })
    void someHostsAreExempt(URI location, String exempt, boolean direct) {
        ProxyVariables variables =
                new ProxyVariables(Desk.in(HERE, "http_proxy", "p:3128", "https_proxy", "p:3128", "no_proxy", exempt)
                        .caller());
        assertThat(variables.proxy(location).isEmpty()).isEqualTo(direct);
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://p:1080", "http://", "a b", "https://p"})
    void whatIsNoHttpProxyIsRefused(String proxy) {
        ProxyVariables variables =
                new ProxyVariables(Desk.in(HERE, "http_proxy", proxy).caller());
        assertThatThrownBy(() -> variables.proxy(URI.create("http://a.example/")))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("http_proxy");
    }

    @Test
    void downloadsGoThroughTheCallersProxy(@TempDir Path home) throws Exception {
        try (WebServer proxy = new WebServer()) {
            proxy.on("http://images.invalid/a", WebServer.file(new byte[] {1, 2, 3}));
            Desk desk = Desk.in(home, "http_proxy", "http://me:secret@localhost:" + proxy.port());
            Path file = new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE)
                    .fetch("http://images.invalid/a", null, true, desk.caller(), new Recorded());
            assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
            assertThat(proxy.requests().getFirst().header("proxy-authorization"))
                    .isEqualTo("Basic bWU6c2VjcmV0");
        }
    }

    @Test
    void aDeadProxyIsNamed(@TempDir Path home) throws Exception {
        WebServer proxy = new WebServer();
        proxy.close();
        Desk desk = Desk.in(home, "https_proxy", "localhost:" + proxy.port());
        assertThatThrownBy(() -> new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE)
                        .fetch("https://images.invalid/a", null, true, desk.caller(), new Recorded()))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("localhost cannot be reached (through the proxy localhost)");
    }
}
