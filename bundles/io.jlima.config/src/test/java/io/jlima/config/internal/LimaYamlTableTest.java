// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.config.internal.TableCase.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table of lima.yaml: cases of a text, a host and what becomes of it, each naming the rows of {@code rows.txt} that
 * it covers.
 */
class LimaYamlTableTest {
    private static final List<String> TABLES = List.of("fields.txt", "rules.txt", "templates.txt");

    @TempDir
    Path directory;

    private static Stream<TableCase> cases() {
        return TABLES.stream().flatMap(table -> TableCase.read(table).stream());
    }

    @TestFactory
    Stream<DynamicTest> everyCase() {
        return cases().flatMap(each -> each.hosts().stream()
                .map(host -> DynamicTest.dynamicTest(
                        each.place() + " " + host + " " + each.text(),
                        () -> new TableRun(directory.resolve(each.place().replace(':', '-') + host), each, host)
                                .run())));
    }

    @Test
    void everyRowHasACase() {
        List<TableCase> cases = cases().toList();
        Set<String> covered =
                cases.stream().flatMap(c -> c.rows().stream()).collect(Collectors.toCollection(TreeSet::new));
        List<Row> rows = Row.all();
        assertThat(rows.stream().map(Row::name)).doesNotHaveDuplicates().containsAll(covered);
        Set<String> missing = rows.stream()
                .filter(row -> !row.other())
                .map(Row::name)
                .filter(name -> !covered.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
        long wanted = rows.stream().filter(row -> !row.other()).count();
        long runs = cases.stream().mapToLong(c -> c.hosts().size()).sum();
        System.out.printf(
                "lima.yaml: %d cases (%d with each host); rows for Linux and macOS guests: %d covered, %d not covered;"
                        + " for other guests: %d of %d%n",
                cases.size(),
                runs,
                wanted - missing.size(),
                missing.size(),
                rows.stream()
                        .filter(Row::other)
                        .filter(r -> covered.contains(r.name()))
                        .count(),
                rows.stream().filter(Row::other).count());
        assertThat(missing).isEmpty();
        assertThat(cases).hasSizeGreaterThanOrEqualTo(400);
        assertThat(cases.stream().map(TableCase::identity)).doesNotHaveDuplicates();
    }
}
