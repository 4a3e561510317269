// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.cli.internal.command.FakeInvocation;
import io.jlima.config.internal.YamlConfigReader;
import io.jlima.expression.internal.JqExpressions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EditFlagsTest {
    private static final String TEXT = """
        # A machine.
        images: # what it boots
        - location: /a.img
          arch: x86_64
          variant: server
        - location: /b.img
          variant: minimal
        cpus: 2 # enough
        memory: "4GiB"
        mounts:
        - location: "~" # home
        param:
          key: value
          other: ""
        """;

    private final EditFlags flags = new EditFlags(new YamlConfigReader(), new JqExpressions());

    private String apply(FakeInvocation invocation) {
        return flags.apply(invocation, TEXT, "test.yaml", false);
    }

    @Test
    void withoutFlagsTheTextIsTheSame() {
        assertThat(apply(new FakeInvocation())).isSameAs(TEXT);
    }

    /** Each flag with its value, a piece of the text, and what becomes of it; {@code +} stands for the end, {@code ¶} for a line end. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cpus | 4 | cpus: 2 # enough | cpus: 4 # enough",
                "cpus | 0 | cpus: 2 # enough | cpus: 0 # enough",
                "memory | 1.5 | \"4GiB\" | \"1.5GiB\"",
                "memory | 8 | \"4GiB\" | \"8GiB\"",
                "disk | 50.0 | + | disk: 50GiB",
                "mount-type | 9p | + | mountType: 9p",
                "vm-type | qemu | + | vmType: qemu",
                "mount-inotify | true | + | mountInotify: true",
                "mount-writable | true | # home | # home¶  writable: true",
                "mount-writable | false | # home | # home¶  writable: false",
                "nested-virt | true | + | nestedVirtualization: true",
                "rosetta | true | + | vmOpts:¶  vz:¶    rosetta:¶      enabled: true¶      binfmt: true",
                "set | .cpus = 3 | cpus: 2 | cpus: 3",
                "set | .cpus = 3 \\u007c .plain = true | cpus: 2 | cpus: 3",
                "set | .mounts[0].writable = true | # home | # home¶  writable: true",
                "set | .env.FOO = \"x\" | + | env:¶  FOO: x",
                "param | key=a=b | key: value | key: a=b",
                "video | true | + | video:¶  display: default",
                "video | false | + | video:¶  display: none",
                "audio-device | default | + | audio:¶  device: default",
                "ssh-port | 60022 | + | ssh:¶  localPort: 60022",
                "arch | aarch64 | + | arch: aarch64",
                "containerd | user | + | containerd:¶  user: true¶  system: false",
                "containerd | system+user | + | containerd:¶  user: true¶  system: true",
                "containerd | none | + | containerd:¶  user: false¶  system: false",
                "plain | true | + | plain: true",
                "shell | /bin/zsh | + | user:¶  shell: /bin/zsh",
                "port-forward | 8080 : 80 | + | portForwards:¶- guestPort: \"80\"¶  hostPort: \"8080\"",
                "port-forward | 1:2,static=true | + | portForwards:¶- guestPort: \"2\"¶  hostPort: \"1\"¶  static:"
                        + " true",
                "network | lima:user-v2 | + | networks:¶- lima: user-v2",
                "network | vzNAT | + | networks:¶- vzNAT: true",
                "dns | 1.1.1.1,::1 | + | dns:¶- 1.1.1.1¶- ::1¶hostResolver:¶  enabled: false",
                "mount-none | false | cpus: 2 | cpus: 2",
                "mount-only | /srv:w | - location: \"~\" # home | - location: \"/srv\" # home¶  mountPoint: /srv¶ "
                        + " writable: true",
                "mount | /srv | mounts: | mounts:¶- location: /srv¶  mountPoint: /srv¶  writable: false",
                "image-variant | minimal | - location: /a.img¶  arch: x86_64¶  variant: server¶ |",
            })
    void eachFlagChangesItsField(String flag, String value, String from, String to) {
        String expression = value.replace("\\u007c", "|");
        String result = apply(new FakeInvocation().option(flag, expression));
        String wanted = from.equals("+")
                ? TEXT + to.replace('¶', '\n') + "\n"
                : TEXT.replace(from.replace('¶', '\n'), to == null ? "" : to.replace('¶', '\n'));
        if (expression.contains("plain")) {
            wanted += "plain: true\n";
        }
        assertThat(result).isEqualTo(wanted);
    }

    @Test
    void flagsAreAppliedInTheirOwnOrder() {
        FakeInvocation invocation = new FakeInvocation()
                .option("ssh-port", "1024")
                .option("set", ".cpus += 1 | .ssh.localPort = 5")
                .option("set", ".memory = \"2GiB\"")
                .option("cpus", "7")
                .option("memory", "9");
        assertThat(apply(invocation)).contains("cpus: 8 # enough", "memory: \"2GiB\"", "localPort: 1024");
    }

    @Test
    void theLastMountFlagComesFirst(@TempDir Path directory) throws Exception {
        Path comma = Files.createDirectory(directory.resolve("a,b"));
        FakeInvocation invocation = new FakeInvocation().option("mount", "/one").option("mount", "/two,/three:w");
        invocation.option("mount", comma + ":w");
        assertThat(apply(invocation)
                        .lines()
                        .filter(l -> l.contains("location: "))
                        .map(l -> l.replaceAll(".*: ", "")))
                .startsWith("/a.img", "/b.img")
                .containsSubsequence(comma.toString(), "/three", "/two", "/one", "\"~\" # home");
    }

    @Test
    void homeAndRelativePathsAreTheCallers() {
        FakeInvocation invocation = new FakeInvocation().option("mount", "~/src");
        invocation.directory = Path.of("/work");
        assertThat(apply(invocation.option("mount", "x"))).contains("location: /home/jane/src", "location: /work/x");
    }

    @Test
    void noMountIsNull() {
        assertThat(apply(new FakeInvocation().option("mount-none", "true"))).contains("mounts: null");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cpus | -1 | cannot be negative",
                "cpus | two | a whole number",
                "memory | 4GiB | without a unit",
                "memory | -1 | a size in GiB",
                "disk | NaN | without a unit",
                "ssh-port | 70000 | 65535",
                "dns | nowhere | not an IP address",
                "network | shared | lima:NAME or vzNAT",
                "param | new=1 | it has: key, other",
                "param | key | KEY=VALUE",
                "containerd | all | user, system",
                "port-forward | 80 | HOST:GUEST",
                "port-forward | a:b | HOST:GUEST",
                "image-variant | none | there are: server, minimal",
                "arch-variant | v3 | have none",
                "set | .cpus | makes no lima.yaml",
                "set | .cpus = strenv(HOME) | cannot use",
                "set | .cpus = | expression",
                "mount | :w | directory to mount is missing",
            })
    void whatMakesNoSenseIsRefused(String flag, String value, String words) {
        assertThatThrownBy(() -> apply(new FakeInvocation().option(flag, value)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("error while processing flag `" + flag + "`")
                .hasMessageContaining(words);
    }

    @Test
    void contradictionsAreRefused() {
        assertThatThrownBy(
                        () -> apply(new FakeInvocation().option("mount", "/a").option("mount-only", "/b")))
                .isInstanceOf(LimaException.class);
        assertThatThrownBy(() ->
                        apply(new FakeInvocation().option("mount-none", "true").option("mount-only", "/b")))
                .isInstanceOf(LimaException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"arch", "plain", "containerd", "image-variant"})
    void flagsForNewInstancesAreLeftOutForOthers(String flag) {
        FakeInvocation invocation = new FakeInvocation().option(flag, flag.equals("plain") ? "true" : "none");
        assertThat(flags.apply(invocation, TEXT, "test.yaml", true)).isEqualTo(TEXT);
        assertThat(invocation.log).singleElement().asString().contains("--" + flag + " is left out");
        assertThat(EditFlags.forEditing()).noneMatch(o -> o.name().equals(flag));
        assertThat(EditFlags.forCreation()).anyMatch(o -> o.name().equals(flag));
    }
}
