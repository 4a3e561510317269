// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompletionRequestTest {
    private static final CommandSpec LIST = CommandSpec.of("list", Group.BASIC, "List")
            .alias("ls")
            .takes("[NAME...]", 0, 9, ArgumentKind.INSTANCE)
            .with(new Option("format", "f", "FORMAT", "form"), new Option("quiet", "q", null, "names only"));

    private static final CommandSpec SHELL = CommandSpec.of("shell", Group.BASIC, "Shell")
            .takes("NAME", 0, 9, ArgumentKind.INSTANCE)
            .flagsEnd();

    private static final CommandSpec DISK = CommandSpec.group("disk", "Disks");

    private static final CommandSpec DISK_LIST =
            CommandSpec.of("disk list", Group.ADVANCED, "List").alias("ls");

    private static CompletionRequest of(String... words) {
        return CompletionRequest.of(List.of(words), List.of(LIST, SHELL, DISK, DISK_LIST));
    }

    @Test
    void whatIsToCome() {
        assertThat(of("li").spec()).isNull();
        assertThat(of("list", "").spec()).isEqualTo(LIST);
        assertThat(of("ls", "a", "").position()).isOne();
        assertThat(of("--debug", "list", "").spec()).isEqualTo(LIST);
        assertThat(of("--log-level", "").option()).isNotNull();
        assertThat(of("--log-level", "debug", "list", "").spec()).isEqualTo(LIST);
        assertThat(of("disk", "").group()).isEqualTo("disk");
        assertThat(of("disk", "").spec()).isNull();
        assertThat(of("disk", "ls", "").spec()).isEqualTo(DISK_LIST);
    }

    @Test
    void valuesOfOptions() {
        assertThat(of("list", "-f", "").option()).isEqualTo(LIST.options().getFirst());
        assertThat(of("list", "--format", "j").option())
                .isEqualTo(LIST.options().getFirst());
        assertThat(of("list", "--format=j").option()).isEqualTo(LIST.options().getFirst());
        assertThat(of("list", "--format=j").prefix()).isEqualTo("--format=");
        assertThat(of("list", "--format", "json", "").option()).isNull();
        assertThat(of("list", "-q", "").option()).isNull();
        assertThat(of("list", "-qf", "").option()).isEqualTo(LIST.options().getFirst());
    }

    @Test
    void flagsEnd() {
        assertThat(of("shell", "--").flags()).isTrue();
        assertThat(of("shell", "vm", "-").flags()).isFalse();
        assertThat(of("list", "--", "-").flags()).isFalse();
    }
}
