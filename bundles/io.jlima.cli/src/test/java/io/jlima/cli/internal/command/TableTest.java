// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is laid out in columns: tables, and choices of a question. */
class TableTest {
    private static final List<List<String>> ROWS =
            List.of(List.of("NAME", "STATUS", "DIR"), List.of("default", "Stopped", "~/.lima/default"));

    @Test
    void columnsStandFourApart() {
        String wide = """
                NAME       STATUS     DIR
                default    Stopped    ~/.lima/default
                """;
        assertThat(Table.of(ROWS)).isEqualTo(wide);
        assertThat(Table.of(ROWS, 37)).isEqualTo(wide);
    }

    @Test
    void andCloserWhereTheTerminalIsNarrow() {
        assertThat(Table.of(ROWS, 36)).isEqualTo("""
                NAME     STATUS   DIR
                default  Stopped  ~/.lima/default
                """);
    }

    @Test
    void choicesStandBelowEachOther() {
        assertThat(Questions.table(List.of("Yes", "No"), 80, 24)).isEqualTo("  1) Yes\n  2) No\n");
        assertThat(Questions.table(List.of("Yes", "No"), 0, 0)).isEqualTo("  1) Yes\n  2) No\n");
    }

    @Test
    void andInColumnsWhereTheScreenIsLow() {
        List<String> choices = List.of("a", "bb", "c", "d", "e");
        assertThat(Questions.table(choices, 40, 6)).isEqualTo("""
                  1) a   4) d
                  2) bb  5) e
                  3) c
                """);
        assertThat(Questions.table(choices, 10, 5))
                .as("no room for a second column")
                .hasLineCount(5);
    }
}
