// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.jlima.api.LimaException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuestEnvironmentTest {
    private final Fixture fixture = new Fixture();
    private final GuestEnvironment environment =
            new GuestEnvironment(Set.of("localhost", "127.0.0.1", "[::1]", "proxy.local")::contains);

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:3128, http://192.168.5.2:3128",
        "http://localhost, http://192.168.5.2",
        "http://[::1]:8080/, http://192.168.5.2:8080/",
        "http://jane:p%40ss%3Aword@proxy.local:1/x?y=z, http://jane:p%40ss%3Aword@192.168.5.2:1/x?y=z",
        "http://proxy.example.org:3128, http://proxy.example.org:3128",
        "localhost:3128, localhost:3128",
        "http://not a uri, http://not a uri",
    })
    void aProxyOnTheHostIsReachedThroughTheGateway(String proxy, String seen) {
        fixture.variables = Map.of("https_proxy", proxy);

        assertThat(environment.variables(fixture.request())).containsEntry("https_proxy", seen);
    }

    @Test
    void theAddressStaysWhenNoGatewayIsKnown() {
        fixture.variables = Map.of("http_proxy", "http://localhost:1");
        fixture.addresses = Optional.empty();

        assertThat(environment.variables(fixture.request())).containsEntry("HTTP_PROXY", "http://localhost:1");
    }

    @Test
    void theCallersProxiesOverruleEnvAndLowerCaseWins() {
        fixture.env = Map.of("http_proxy", "http://env:1", "FTP_PROXY", "http://ftp:1", "OTHER", "x");
        fixture.variables = Map.of(
                "http_proxy", "http://caller:2", "HTTP_PROXY", "http://upper:3", "NO_PROXY", "localhost", "HOME", "/x");

        assertThat(environment.variables(fixture.request()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "http_proxy", "http://caller:2",
                        "HTTP_PROXY", "http://caller:2",
                        "ftp_proxy", "http://ftp:1",
                        "FTP_PROXY", "http://ftp:1",
                        "no_proxy", "localhost",
                        "NO_PROXY", "localhost",
                        "OTHER", "x"));
    }

    @Test
    void anEmptyProxyIsNone() {
        fixture.env = Map.of("http_proxy", "http://env:1", "EMPTY", "");
        fixture.variables = Map.of("http_proxy", "");

        assertThat(environment.variables(fixture.request())).containsExactly(Map.entry("EMPTY", ""));
    }

    @Test
    void nothingOfTheCallerIsTakenUnlessWanted() {
        fixture.propagateProxy = false;
        fixture.variables = Map.of("http_proxy", "http://caller:2");

        assertThat(environment.variables(fixture.request())).isEmpty();
    }

    @Test
    void textIsMarkedForTheGuestToFindAgain() {
        fixture.env = Map.of("B", "two words", "A", "1=2");

        assertThat(environment.text(fixture.request())).isEqualTo("#LIMA-START\nA=1=2\nB=two words\n#LIMA-END\n");
    }

    @Test
    void aLineBreakInAProxyIsRefused() {
        fixture.variables = Map.of("http_proxy", "http://x\nLD_PRELOAD=/tmp/evil.so");

        assertThatExceptionOfType(LimaException.class)
                .isThrownBy(() -> environment.variables(fixture.request()))
                .withMessageContaining("http_proxy contains a control character");
    }

    @Test
    void theHostsOwnNameServiceKnowsLoopback() {
        fixture.variables = Map.of("http_proxy", "http://localhost:1", "ftp_proxy", "http://127.9.9.9:1");

        assertThat(new GuestEnvironment().variables(fixture.request()))
                .containsEntry("http_proxy", "http://192.168.5.2:1")
                .containsEntry("ftp_proxy", "http://192.168.5.2:1");
    }
}
