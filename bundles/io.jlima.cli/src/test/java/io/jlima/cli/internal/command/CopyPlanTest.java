// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.cli.internal.command.CopyPlan.Source;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CopyPlanTest {
    private static final HostEnvironment CALLER =
            new HostEnvironment(Map.of("HOME", "/home/jane"), Path.of("/src"), 022);

    @ParameterizedTest
    @CsvSource({
        "a, , /src/a",
        "./a:b, , /src/a:b",
        "/a:b, , /a:b",
        "~/x, , /home/jane/x",
        "vm:/etc/passwd, vm, /etc/passwd",
        "vm:x y, vm, x y",
        "vm:~/x, vm, x",
        "vm:~, vm, ''",
        "vm:, vm, ''",
        "vm:a:b, vm, a:b",
    })
    void places(String word, String instance, String path) {
        assertThat(CopyPlace.of(word, CALLER)).isEqualTo(new CopyPlace(instance, path, word));
    }

    @Test
    void whatIsNoPlace() {
        assertThatThrownBy(() -> CopyPlace.of("-x:/a", CALLER)).hasMessageContaining("./-x:/a");
        assertThatThrownBy(() -> CopyPlace.of("", CALLER)).hasMessageContaining("no file");
    }

    private static CopyPlan plan(String source, boolean directory, String target, boolean intoDirectory) {
        return new CopyPlan(
                List.of(new Source(CopyPlace.of(source, CALLER), directory)),
                CopyPlace.of(target, CALLER),
                intoDirectory,
                directory,
                false,
                false,
                "/l/vm/it's/ssh.config");
    }

    private static List<String> ends(List<String> words) {
        return words.subList(words.indexOf("--") + 1, words.size());
    }

    /** As scp does it: into a directory that is there, else under the new name. */
    @Test
    void slashesForRsync() {
        assertThat(ends(plan("d/", true, "vm:/tmp/", true).rsync("rsync", "ssh")))
                .containsExactly("/src/d", "lima-vm:/tmp/");
        assertThat(ends(plan("d", true, "vm:/tmp/new", false).rsync("rsync", "ssh")))
                .containsExactly("/src/d/", "lima-vm:/tmp/new");
        assertThat(ends(plan("vm:d", true, "e", false).rsync("rsync", "ssh"))).containsExactly("lima-vm:d/", "/src/e");
        assertThat(ends(plan("f", false, "vm:", true).rsync("rsync", "ssh"))).containsExactly("/src/f", "lima-vm:./");
        assertThat(ends(plan("f", false, "vm:-g", false).rsync("rsync", "ssh")))
                .containsExactly("/src/f", "lima-vm:-g");
    }

    @Test
    void theTransportOfRsyncIsQuotedForIt() {
        List<String> words = plan("f", false, "vm:", true).rsync("rsync", "ssh -v");
        assertThat(words.get(words.indexOf("-e") + 1)).isEqualTo("ssh -v -F '/l/vm/it''s/ssh.config'");
        assertThat(words).contains("-s", "-q");
    }

    @Test
    void scpSpeaksSftp() {
        assertThat(plan("d/", true, "vm:/tmp/", true).scp("scp"))
                .containsExactly(
                        "scp",
                        "-p",
                        "-s",
                        "-q",
                        "-r",
                        "-3",
                        "-F",
                        "/l/vm/it's/ssh.config",
                        "--",
                        "/src/d",
                        "lima-vm:/tmp");
    }
}
