// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.instance.Mounts.Wanted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MountsTextTest {
    private static final Wanted X = new Wanted("/x", "", false, "");

    @Test
    void aListIsMadeWhereThereIsNone() {
        assertThat(new MountsText("cpus: 1 # one\n").with(X))
                .containsExactly("cpus: 1 # one\nmounts:\n- {location: \"/x\"}\n");
        assertThat(new MountsText("cpus: 1").with(new Wanted("/a \"b\"\n", "/m", true, "builtin")))
                .containsExactly("""
                        cpus: 1
                        mounts:
                        - {location: "/a \\"b\\"\\x0a", mountPoint: "/m", writable: true, sshfs: {sftpDriver: "builtin"}}
                        """);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mounts:\ncpus: 1\n", "mounts: []\ncpus: 1\n", "mounts: null # none\ncpus: 1\n"})
    void anEmptyListIsFilled(String text) {
        assertThat(new MountsText(text).with(X)).containsExactly("mounts:\n- {location: \"/x\"}\ncpus: 1\n");
    }

    @Test
    void allElseStaysAsItIsWritten() {
        String text = """
                mounts: # of mine
                  # the first
                  - location: "~" # home
                    writable: false
                  - {location: /tmp}

                # and now something else
                cpus: 1
                """;
        assertThat(new MountsText(text).with(X)).containsExactly("""
                mounts: # of mine
                  # the first
                  - {location: "/x"}
                  - location: "~" # home
                    writable: false
                  - {location: /tmp}

                # and now something else
                cpus: 1
                """);
        assertThat(new MountsText(text).without()).containsExactly("""
                mounts: # of mine
                  # the first
                  - {location: /tmp}

                # and now something else
                cpus: 1
                """, """
                mounts: # of mine
                  # the first
                  - location: "~" # home
                    writable: false

                # and now something else
                cpus: 1
                """);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mountType: null # best", "mountType: # best", "mountType: \"\"  # best", "mountType: ~ # best"})
    void theTypeIsWrittenWhereItSaidNothing(String line) {
        assertThat(new MountsText("mounts: []\n" + line + "\ncpus: 1\n").typed("9p"))
                .matches("mounts: \\[]\nmountType: 9p +# best\ncpus: 1\n");
    }

    @Test
    void theTypeIsWrittenAtTheEndWhereThereIsNone() {
        assertThat(new MountsText("cpus: 1\nx: {\n  mountType: a}").typed("9p"))
                .isEqualTo("cpus: 1\nx: {\n  mountType: a}\nmountType: 9p\n");
        assertThat(new MountsText("mountType: default\n").typed("9p")).isEqualTo("mountType: 9p\n");
    }

    @Test
    void theLastOneLeavesAnEmptyList() {
        assertThat(new MountsText("mounts:\n- location: /x\n  writable: true\ncpus: 1\n").without())
                .containsExactly("mounts: []\ncpus: 1\n");
    }

    @Test
    void aListInBracketsStaysInBrackets() {
        String text =
                "cpus: 1\nmounts: [{location: it's, x: \"],[\"}, # one, two ]\n  {location: 'b''], '} , \"/c\"] # end\nplain: true\n";
        assertThat(new MountsText(text).with(X))
                .containsExactly(
                        "cpus: 1\nmounts: [{location: \"/x\"}, {location: it's, x: \"],[\"}, # one, two ]\n  {location: 'b''],"
                                + " '} , \"/c\"] # end\nplain: true\n");
        assertThat(new MountsText(text).without())
                .containsExactly(
                        "cpus: 1\nmounts: [# one, two ]\n  {location: 'b''], '} , \"/c\"] # end\nplain: true\n",
                        "cpus: 1\nmounts: [{location: it's, x: \"],[\"}, \"/c\"] # end\nplain: true\n",
                        "cpus: 1\nmounts: [{location: it's, x: \"],[\"}, # one, two ]\n  {location: 'b''], '} ] # end\n"
                                + "plain: true\n");
    }

    @Test
    void theLastEntryLeavesEmptyBrackets() {
        assertThat(new MountsText("mounts: [ {location: /x} ]\n").without()).containsExactly("mounts: []\n");
        assertThat(new MountsText("mounts: [{location: /x},]\n").without()).containsExactly("mounts: []\n");
        assertThat(new MountsText("mounts: [\n]\n").with(X)).containsExactly("mounts: [{location: \"/x\"}\n]\n");
    }

    @Test
    void whatDoesNotEndIsLeftToItsWriter() {
        assertThat(new MountsText("mounts: [{location: /x}\n").with(X)).isEmpty();
        assertThat(new MountsText("mounts: [{location: '/x}]\n").without()).isEmpty();
        assertThat(new MountsText("mounts: *all\n").with(X)).isEmpty();
    }
}
