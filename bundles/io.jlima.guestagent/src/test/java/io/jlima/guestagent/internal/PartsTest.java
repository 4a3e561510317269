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

    /** The agent runs, and "whole" has a program mount what "fill" makes; the list is in a file. */
    private static final String BEGIN = """
            agent=$1; cd "$2"; mkdir run to
            "$agent" --socket "$PWD/sock" --owner 0:0 --run "$PWD/run" --keep-clock --no-events $3 &
            serving=$!
            trap 'kill $serving; wait $serving || :' EXIT
            while [ ! -S sock ] || [ "$3" != --private -a ! -S sock.mounts ]; do sleep 0.01; done
            whole() {
                "$agent" mount-parts "$PWD/sock" "$PWD/whole" \\
                    sh -euc 'mount -t tmpfs none whole; cd whole; eval "$1"' sh "$fill" <list
            }
            """;

    /** Words of standard output and error, and what the shell ended with. */
    private record Result(String words, int code) {}

    private Result inside(String script) throws IOException, InterruptedException {
        return inside("", script);
    }

    private Result inside(String option, String script) throws IOException, InterruptedException {
        List<String> command = Stream.of(
                        "unshare",
                        "-rm",
                        "sh",
                        "-euc",
                        BEGIN + script,
                        "sh",
                        RealAgent.program().toString(),
                        folder.toString(),
                        option)
                .toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(words, process.waitFor());
    }

    @Test
    void partsAreMountedAndTheWholeGoes() throws Exception {
        Result result = inside("""
                mkdir 'to there'
                fill="mkdir a 'b c'; echo first >a/note; echo second >'b c/note'"
                printf '%s\\0' rw /a "$PWD/to" ro '/b c' "$PWD/to there" >list
                whole
                cat to/note 'to there/note'
                echo new >to/new
                ! echo new >'to there/new' || exit 9
                [ ! -e whole ]
                """);
        assertThat(result.words()).contains("first\nsecond\n", "Read-only file system");
        assertThat(result.code()).isZero();
    }

    @Test
    void aPartWithinAPartStaysWhenTheWholeGoes() throws Exception {
        Result result = inside("""
                fill='mount --make-shared .; mkdir -p a/inner b; echo second >b/note'
                printf '%s\\0' ro /a "$PWD/to" rw /b "$PWD/to/inner" >list
                whole
                cat to/inner/note; echo new >to/inner/new
                """);
        assertThat(result.words()).endsWith("second\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void whatCannotBeMountedIsToldAndTheRestIsThere() throws Exception {
        Result result = inside("""
                fill='mkdir a; echo first >a/note'
                printf '%s\\0' rw /missing "$PWD/to" rw /a "$PWD/nowhere" rw /a "$PWD/to" >list
                code=0
                whole || code=$?
                cat to/note
                [ ! -e whole ]
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
                fill='mkdir a'
                printf 'rw\\0/a\\0no end' >list
                whole || code=$?
                [ ! -e whole ]
                exit "$code"
                """);
        assertThat(result.words()).contains("list: Invalid argument");
        assertThat(result.code()).isOne();
    }

    @Test
    void aProgramThatFailsLeavesNothing() throws Exception {
        Result result = inside("""
                : >list
                "$agent" mount-parts "$PWD/sock" "$PWD/whole" sh -c 'echo mine >&2; exit 3' <list || code=$?
                [ ! -e whole ]
                "$agent" mount-parts "$PWD/sock" "$PWD/whole" ./missing <list || [ ! -e whole ]
                exit "$code"
                """);
        assertThat(result.words()).contains("mine", "./missing: No such file");
        assertThat(result.code()).isOne();
    }

    /** Who has the socket would mount as root, so there is none for those who may not be root. */
    @Test
    void aPrivateAgentMountsNothing() throws Exception {
        Result result = inside("--private", """
                fill='mkdir a'
                printf '%s\\0' rw /a "$PWD/to" >list
                whole || code=$?
                [ ! -e sock.mounts ]
                umount whole
                exit "$code"
                """);
        assertThat(result.words()).contains("sock.mounts: No such file");
        assertThat(result.code()).isOne();
    }

    @Test
    void theSocketIsTheOwners() throws Exception {
        Result result = inside("stat -c %a sock.mounts; id -u; stat -c %u sock.mounts");
        assertThat(result.words()).endsWith("600\n0\n0\n");
    }

    @Test
    void awaitingAMountEndsWithWhoeverWasToMakeIt() throws Exception {
        Result result = inside("""
                mount -t tmpfs none to
                true & pid=$!
                wait $pid
                "$agent" await-mount "$PWD/to" $pid || code=$?
                exit "$code"
                """);
        assertThat(result.words()).doesNotContain("await-mount");
        assertThat(result.code()).isOne();
    }
}
