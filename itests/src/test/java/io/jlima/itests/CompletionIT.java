// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The completion scripts in the shells that they are for, with the built {@code limactl} behind them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompletionIT {
    private final Home home = Home.create();

    @BeforeAll
    void prepare() throws IOException {
        Files.write(home.path.resolve("empty.raw"), new byte[1 << 20]);
        home.write(
                "small.yaml",
                "images:\n- location: \"%s\"\ncpus: 1\nmounts: []\nmemory: 128MiB\ndisk: 64MiB\n"
                        .formatted(home.path.resolve("empty.raw")));
        home.good(
                "create",
                "--tty=false",
                "--name",
                "smallish",
                home.path.resolve("small.yaml").toString());
        home.good("disk", "create", "dataish", "--size", "2MiB");
        home.with(
                "PATH",
                Home.DISTRIBUTION.resolve("bin") + ":" + home.environment().get("PATH"));
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    private String run(String... words) {
        Home.Result result = Home.await(home.process(List.of(words)), "", Home.LIMIT_SECONDS);
        assertThat(result.code()).as(result.all()).isZero();
        return result.out();
    }

    /** Each line of words as bash splits them, separated by blanks; the last one is completed. */
    private String bash(String line, String words) {
        return run("bash", "--norc", "-c", """
                source <(limactl completion bash)
                COMP_LINE=$1 COMP_POINT=${#1}
                IFS='|' read -ra COMP_WORDS <<<"$2"
                [[ $2 == *'|' ]] && COMP_WORDS+=('')
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _limactl
                printf '%s\\n' "${COMPREPLY[@]}"
                """, "bash", line, words);
    }

    @Test
    void bashCompletes() {
        assertThat(bash("limactl sto", "limactl|sto")).isEqualTo("stop\n");
        assertThat(bash("limactl disk ", "limactl|disk|")).contains("create\n", "unlock\n");
        assertThat(bash("limactl stop sm", "limactl|stop|sm")).isEqualTo("smallish\n");
        assertThat(bash("limactl disk delete da", "limactl|disk|delete|da")).isEqualTo("dataish\n");
        assertThat(bash("limactl network delete us", "limactl|network|delete|us"))
                .isEqualTo("user-v2\n");
        assertThat(bash("limactl list --form", "limactl|list|--form")).isEqualTo("--format\n");
        assertThat(bash("limactl list --format=js", "limactl|list|--format|=|js"))
                .isEqualTo("json\n");
        assertThat(bash("limactl start template:debian-l", "limactl|start|template|:|debian-l"))
                .isEqualTo("debian-local\n");
        assertThat(bash("limactl copy sm", "limactl|copy|sm")).isEqualTo("smallish:\n");
        assertThat(run("bash", "--norc", "-c", "source <(limactl completion bash) && complete -p limactl"))
                .isEqualTo("complete -F _limactl limactl\n");
    }

    @Test
    void fishCompletes() {
        String fish = "limactl completion fish | source; complete -C $argv[1]";
        assertThat(run("fish", "--no-config", "-c", fish, "limactl sto")).startsWith("stop\t");
        assertThat(run("fish", "--no-config", "-c", fish, "limactl stop sm")).isEqualTo("smallish\tStopped\n");
        assertThat(run("fish", "--no-config", "-c", fish, "limactl disk delete da"))
                .startsWith("dataish\t");
        assertThat(run("fish", "--no-config", "-c", fish, "limactl network delete us"))
                .startsWith("user-v2\t");
        assertThat(run("fish", "--no-config", "-c", fish, "limactl list --form"))
                .startsWith("--format\t");
        assertThat(run("fish", "--no-config", "-c", fish, "limactl start template:debian-l"))
                .isEqualTo("template:debian-local\n");
    }

    /** A shell on a terminal of its own, which gets the words and a tab. */
    private String zsh(String typed, String expected) {
        return run("zsh", "-f", "-c", """
                zmodload zsh/zpty
                zpty shell "TERM=dumb zsh -f -i"
                zpty -w shell "PS1='> '; source <(limactl completion zsh); echo LOA''DED"
                zpty -r shell answer '*LOADED*'
                zpty -w -n shell $1$'\\t'
                zpty -r -m shell answer "*$2*" && print found
                zpty -d shell
                """, "zsh", typed, expected);
    }

    @Test
    void zshCompletes() {
        assertThat(zsh("limactl sto", "limactl stop")).isEqualTo("found\n");
        assertThat(zsh("limactl stop sm", "smallish")).isEqualTo("found\n");
        assertThat(zsh("limactl disk delete da", "dataish")).isEqualTo("found\n");
        assertThat(zsh("limactl network delete us", "user-v2")).isEqualTo("found\n");
        assertThat(zsh("limactl list --format=js", "--format=json")).isEqualTo("found\n");
        assertThat(zsh("limactl start template:debian-l", "template:debian-local"))
                .isEqualTo("found\n");
    }
}
