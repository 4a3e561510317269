// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PreservedEnvironmentTest {
    private static FakeInvocation with(Map<String, String> variables) {
        FakeInvocation invocation = new FakeInvocation().option("preserve-env", "true");
        invocation.variables.putAll(variables);
        return invocation;
    }

    @Test
    void nothingUnlessAskedFor() {
        FakeInvocation plain = new FakeInvocation();
        plain.variables.put("FOO", "bar");
        assertThat(PreservedEnvironment.of(plain)).isEmpty();
    }

    @Test
    void whatDescribesTheHostStaysThere() {
        assertThat(PreservedEnvironment.of(with(Map.of(
                        "FOO", "a b", "SSH_AUTH_SOCK", "x", "PATH", "/bin", "_X", "y", "BASH_ENV", "z", "N-O", "q"))))
                .containsExactly("FOO=a b");
    }

    @Test
    void listsOfTheCaller() {
        assertThat(PreservedEnvironment.of(with(
                        Map.of("FOO", "1", "BAR_X", "2", "PATH", "/bin", "LIMA_SHELLENV_BLOCK", "+BAR_*, LIMA_*"))))
                .containsExactly("FOO=1");
        assertThat(PreservedEnvironment.of(
                        with(Map.of("FOO", "1", "PATH", "/bin", "LIMA_SHELLENV_BLOCK", "F*O,LIMA_*,HOME"))))
                .containsExactly("PATH=/bin");
        assertThat(PreservedEnvironment.of(with(Map.of(
                        "SSH_AUTH_SOCK", "s", "LIMA_SHELLENV_BLOCK", "+LIMA*", "LIMA_SHELLENV_ALLOW", "SSH_AUTH_*"))))
                .containsExactly("SSH_AUTH_SOCK=s");
    }

    @Test
    void aPatternOfOtherCharactersIsRefused() {
        assertThatThrownBy(() -> PreservedEnvironment.of(with(Map.of("LIMA_SHELLENV_BLOCK", "A,B-C"))))
                .hasMessageStartingWith(
                        "Invalid LIMA_SHELLENV_BLOCK pattern: pattern `B-C` contains invalid character `-` at position 1");
    }
}
