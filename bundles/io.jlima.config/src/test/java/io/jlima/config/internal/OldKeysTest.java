// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys of older files, which mean what is written otherwise today. */
class OldKeysTest {
    @TempDir
    Path home;

    @Test
    void oldNetworkKeysBecomeToday() throws IOException {
        Path socket = home.resolve("s");
        Path directory = Files.createDirectory(home.resolve("d"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            var resolved = Given.linux(home)
                    .resolve(Given.IMAGE + "network: {vde: [{name: v0, vnl: 'vde://" + socket
                            + "', switchPort: 3, macAddress: '52:55:55:00:00:07'}]}\n");
            assertThat(resolved.config().networks())
                    .containsExactly(new InstanceConfig.NetworkEntry(
                            null, socket.toString(), false, "52:55:55:00:00:07", "v0", 100));
            assertThat(resolved.warnings())
                    .hasSize(3)
                    .anyMatch(w -> w.startsWith("lima.yaml:2:1: network.vde is an old key; write networks"))
                    .anyMatch(w -> w.contains("vnl is an old key; write socket"))
                    .anyMatch(w -> w.contains("switchPort is an old key and is ignored"));
            assertThat(Given.linux(home)
                            .accept("networks: [{vnl: " + socket + "}]\n")
                            .networks())
                    .singleElement()
                    .extracting(n -> n.socket())
                    .isEqualTo(socket.toString());
        }
        assertThat(Given.linux(home).refusal("networks: [{vnl: 'vde://" + directory + "'}]\n"))
                .startsWith("lima.yaml:2:18: ")
                .contains("is not a stream socket")
                .contains("socket_vmnet");
        assertThat(Given.linux(home).refusal("networks: [{vnl: /no/such}]\n")).contains("does not exist");
        assertThat(Given.linux(home).refusal("networks: [{lima: user-v2}]\nnetwork: {vde: [{vnl: /x}]}\n"))
                .contains("cannot both be given");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "useHostResolver: false | false | write hostResolver.enabled",
                "useHostResolver: true  | true  | write hostResolver.enabled",
                "hostResolver: {enabled: true}\\nuseHostResolver: false | true | which is given too and wins",
            })
    void useHostResolverStillWorks(String yaml, boolean enabled, String words) {
        var resolved = Given.linux(home).resolve(Given.IMAGE + yaml.replace("\\n", "\n") + "\n");
        assertThat(resolved.config().hostResolver().enabled()).isEqualTo(enabled);
        assertThat(resolved.warnings()).singleElement().asString().contains("useHostResolver is an old key", words);
        assertThat(resolved.tree()).doesNotContainKey("useHostResolver");
    }

    @Test
    void oldDriverOptionsBecomeToday() {
        var resolved = Given.linux(home).resolve(Given.IMAGE + """
            cpuType: {x86_64: max, aarch64: cortex-a72}
            rosetta: {enabled: true}
            vmOpts: {qemu: {cpuType: {x86_64: host}}}
            """);
        assertThat(resolved.config().vmOpts())
                .isEqualTo(Map.of(
                        "qemu",
                        Map.of("cpuType", Map.of("x86_64", "host", "aarch64", "cortex-a72")),
                        "vz",
                        Map.of("rosetta", Map.of("enabled", true))));
        assertThat(resolved.warnings()).hasSize(3);
    }
}
