// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstanceNameTest {
    private static final Path HOME = Path.of("/h");

    @ParameterizedTest
    @ValueSource(strings = {"default", "a", "A1", "k8s-1.29_x", "0", "yml", "x.yam"})
    void theseAreNames(String name) {
        assertThatCode(() -> InstanceName.check(name, HOME)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", "..", ".a", "a.", "-a", "a-", "_a", "a--b", "a._b", "a/b", "../a", "a b", "a\n", "a\nb", "ä",
                "a\u0000", "$a", "a;b", "٣"
            })
    void theseAreNot(String name) {
        assertThatThrownBy(() -> InstanceName.check(name, HOME))
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("instance name `" + name + "` is not valid\nUse letters and digits");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.yml", "a.yaml", "A.YAML"})
    void aFileIsMeant(String name) {
        assertThatThrownBy(() -> InstanceName.check(name, HOME))
                .hasMessage("instance name `" + name + "` must not end in .yml or .yaml\n"
                        + "To use a file, write its path with a slash, for example ./" + name);
    }

    @Test
    void seventySixCharactersAreTheMost() {
        assertThatCode(() -> InstanceName.check("x".repeat(76), HOME)).doesNotThrowAnyException();
        assertThatThrownBy(() -> InstanceName.check("x".repeat(77), HOME)).hasMessageContaining("is not valid");
    }

    @Test
    void theSocketsPathMustFit() {
        // unix(7): 108 bytes with the final zero; "/" + home + "/" + name + "/ssh.sock." and 16 more.
        int most = System.getProperty("os.name").startsWith("Linux") ? 107 : 103;
        String name = "abc";
        int home = most - 1 - ("/" + name + "/ssh.sock.1234567890123456").length();
        assertThatCode(() -> InstanceName.check(name, Path.of("/" + "h".repeat(home))))
                .doesNotThrowAnyException();
        // Bytes count, not characters.
        assertThatThrownBy(() -> InstanceName.check(name, Path.of("/" + "h".repeat(home - 1) + "ä")))
                .hasMessageContaining("is too long for sockets")
                .hasMessageContaining("would have " + (most + 1) + " bytes, the system allows " + most)
                .hasMessageContaining("1 characters shorter");
    }
}
