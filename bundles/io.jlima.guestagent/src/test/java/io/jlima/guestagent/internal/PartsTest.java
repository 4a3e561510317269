// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent's call for mounting parts of a file system, in a namespace of its own. */
@Timeout(60)
class PartsTest {
    @TempDir
    Path folder;

    /** Words of standard output and error, and what the shell ended with. */
    private record Result(String words, int code) {}

    private Result inside(String script) throws IOException, InterruptedException {
        List<String> command = Stream.of(
                        "unshare",
                        "-rm",
                        "sh",
                        "-euc",
                        "agent=$1; cd \"$2\"; mkdir -p whole; mount -t tmpfs none whole\n" + script,
                        "sh",
                        RealAgent.program().toString(),
                        folder.toString())
                .toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(words, process.waitFor());
    }

    @Test
    void partsAreMountedAndTheWholeGoes() throws Exception {
        Result result = inside("""
                mkdir whole/a 'whole/b c' to 'to there'
                echo first >whole/a/note; echo second >'whole/b c/note'
                printf '%s\\0' rw /a "$PWD/to" ro '/b c' "$PWD/to there" >list
                "$agent" mount-parts "$PWD/whole" <list
                cat to/note 'to there/note'
                echo new >to/new
                ! echo new >'to there/new' || exit 9
                [ ! -e whole ]
                """);
        assertThat(result.words())
                .contains("first\nsecond\n", "Read-only file system")
                .endsWith("Read-only file system\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void aPartWithinAPartStaysWhenTheWholeGoes() throws Exception {
        Result result = inside("""
                mount --make-shared whole
                mkdir -p whole/a/inner whole/b to; echo second >whole/b/note
                printf '%s\\0' ro /a "$PWD/to" rw /b "$PWD/to/inner" >list
                "$agent" mount-parts "$PWD/whole" <list
                cat to/inner/note; echo new >to/inner/new
                """);
        assertThat(result.words()).endsWith("second\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void whatCannotBeMountedIsToldAndTheRestIsThere() throws Exception {
        Result result = inside("""
                mkdir whole/a to; echo first >whole/a/note
                printf '%s\\0' rw /missing "$PWD/to" rw /a "$PWD/nowhere" rw /a "$PWD/to" >list
                code=0
                "$agent" mount-parts "$PWD/whole" <list || code=$?
                cat to/note
                exit "$code"
                """);
        assertThat(result.words())
                .contains("/to: No such file", "/nowhere: No such file")
                .endsWith("first\n");
        assertThat(result.code()).isOne();
    }

    @Test
    void aListThatIsCutOffIsRefused() throws Exception {
        Result result = inside("""
                mkdir whole/a to
                printf 'rw\\0/a\\0no end' >list
                "$agent" mount-parts "$PWD/whole" <list
                """);
        assertThat(result.words()).contains("list: Invalid argument");
        assertThat(result.code()).isOne();
        assertThat(inside("\"$agent\" mount-parts \"$PWD/whole\" </dev/null").words())
                .contains("list: No data");
    }
}
