// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kinds of values: what is taken for another, what is refused and where. */
class ShapeOfFieldsTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            value = {
                "plain: yes                            | lima.yaml:2:8: plain must be true or false     | write true",
                "plain: 'true'                         | lima.yaml:2:8: plain must be true or false     | without"
                        + " quotes",
                "tpm: no                               | lima.yaml:2:6: tpm must be                     | write false",
                "cpus: 1.5                             | lima.yaml:2:7: cpus must be a whole number     | fraction",
                "cpus: many                            | lima.yaml:2:7: cpus must be a whole number     | digits",
                "cpus: true                            | lima.yaml:2:7: cpus must be a whole number     | digits",
                "cpus: 99999999999                     | lima.yaml:2:7: cpus must be a number from      | smaller",
                "cpus: [4]                             | lima.yaml:2:7: cpus must be a single value     | brackets",
                "memory: {a: b}                        | lima.yaml:2:9: memory must be a single value   | brackets",
                "mounts: /tmp                          | lima.yaml:2:9: mounts must be a list           | begin",
                "mounts: {location: /tmp}              | lima.yaml:2:9: mounts must be a list           | [] for none",
                "mounts: [/tmp]                        | lima.yaml:2:10: mounts[0] must be a mapping    | location:",
                "mounts: [null]                        | lima.yaml:2:10: mounts[0] is empty             | dash",
                "ssh: 22                               | lima.yaml:2:6: ssh must be a mapping           | localPort",
                "env: [A=b]                            | lima.yaml:2:6: env must be a mapping           | name: value",
                "env: {A: [b]}                         | lima.yaml:2:10: env.A must be a single value   | brackets",
                "dns: [localhost]                      | lima.yaml:2:7: dns[0] must be an IP address    | 127.0.0.1",
                "dns: [127.1]                          | lima.yaml:2:7: dns[0] must be an IP address    | 127.0.0.1",
                "dns: [1.2.3.256]                      | lima.yaml:2:7: dns[0] must be an IP address    | 127.0.0.1",
                "portForwards: [{hostIP: x}]           | lima.yaml:2:25: portForwards[0].hostIP must be | 127.0.0.1",
                "portForwards: [{guestPort: a}]        | lima.yaml:2:28: portForwards[0].guestPort must | digits",
                "portForwards: [{guestPortRange: 1}]   | lima.yaml:2:33: portForwards[0].guestPortRange | a list",
                "vmOpts: {qemu: 1}                     | lima.yaml:2:16: vmOpts.qemu must be a mapping  | key",
                "user: {uid: x}                        | lima.yaml:2:13: user.uid must be a whole       | digits",
            })
    void wrongKindsAreRefusedAtTheirPlace(String yaml, String message, String right) {
        assertThat(Given.linux(home).refusal(yaml))
                .startsWith(message)
                .contains(right)
                .contains("\n| " + yaml + "\n");
    }

    @Test
    void allErrorsOfAllFilesAreReportedTogether() {
        Given given = Given.linux(home).with("override.yaml", "plain: 3\n");
        String refusal = given.refusal("cpus: x\nmemory: 1 parsec\nmounts:\n- writable: true\n");
        assertThat(refusal)
                .startsWith("lima.yaml has 4 errors\n")
                .contains("lima.yaml:2:7: cpus must be a whole number")
                .contains("lima.yaml:3:9: memory: \"1 parsec\" is no size")
                .contains("lima.yaml:5:3: a mount has no location")
                .contains(given.config("override.yaml") + ":1:8: plain must be true or false");
    }

    @Test
    void aRefusedValueIsNotReportedAsMissingToo() {
        assertThat(Given.linux(home).refusalOf("images: 3\n")).startsWith("lima.yaml:1:9: images must be a list");
        assertThat(Given.linux(home).refusal("mounts: [{location: [x]}]\n"))
                .startsWith("lima.yaml:2:21: mounts[0].location must be a single value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cpu: 4                 | lima.yaml:2:1: unknown key \"cpu\" is ignored; did you mean \"cpus\"?",
                "mount: []              | did you mean \"mounts\"?",
                "ssh: {localport: 5}    | lima.yaml:2:7: unknown key \"localport\" in ssh is ignored; did you mean"
                        + " \"localPort\"?",
                "containerd: {sytem: 1} | in containerd is ignored; did you mean \"system\"?",
                "x-anything: {a: b}     | unknown key \"x-anything\" is ignored",
                "mounts: [{location: /tmp, mountPoint: /x, 9P: {}}] | did you mean \"9p\"?",
            })
    void unknownKeysOnlyWarn(String yaml, String warning) {
        assertThat(Given.linux(home).resolve(Given.IMAGE + yaml).warnings())
                .singleElement()
                .asString()
                .contains(warning);
    }

    @Test
    void numbersBecomeTexts() {
        InstanceConfig config = Given.linux(home)
                .accept("env: {A: 1, B: 0o17, C: 2.0, D: True, E: yes, F: 0x10, G: null, H: 0644}\n"
                        + "memory: 4294967296\n");
        assertThat(config.env())
                .containsEntry("A", "1")
                .containsEntry("B", "15")
                .containsEntry("C", "2")
                .containsEntry("D", "true")
                .containsEntry("E", "yes")
                .containsEntry("F", "16")
                .containsEntry("G", "")
                .containsEntry("H", "420");
        assertThat(config.memory()).isEqualTo(4L << 30);
    }

    @Test
    void aTextThatChangesByItsKindIsTold() {
        assertThat(Given.linux(home)
                        .resolve(Given.IMAGE + "env: {C: 1.10, D: '1.10', E: 12}\n")
                        .warnings())
                .containsExactly("lima.yaml:2:10: env.C: 1.10 is a number with a fraction and becomes the text \"1.1\";"
                        + " put it in quotes to keep it as written");
    }

    @Test
    void textsBecomeNumbers() {
        InstanceConfig config =
                Given.linux(home).accept("cpus: '2'\nportForwards: [{guestPort: \"80\", hostPort: \"8080\"}]\n");
        assertThat(config.cpus()).isEqualTo(2);
        assertThat(config.portForwards().getFirst().hostPortFirst()).isEqualTo(8080);
    }

    @Test
    void aBareTextIsTheNameOfADisk() {
        assertThat(Given.linux(home)
                        .accept("additionalDisks: [data, {name: swap, fsType: swap, fsArgs: [-L, 1]}]\n")
                        .additionalDisks())
                .containsExactly(
                        new InstanceConfig.AdditionalDisk("data", true, "ext4", List.of()),
                        new InstanceConfig.AdditionalDisk("swap", true, "swap", List.of("-L", "1")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4GiB   | 4294967296",
                "4gb    | 4294967296",
                "4g     | 4294967296",
                "512MiB | 536870912",
                "512 m  | 536870912",
                "1.5GiB | 1610612736",
                "3.842GiB | 4125316087",
                "2097152 | 2097152",
                "2097152b | 2097152",
                "2048K  | 2097152",
                "1t     | 1099511627776",
                "1PiB   | 1125899906842624",
            })
    void sizesArePowersOf1024(String text, long bytes) {
        assertThat(Given.linux(home).accept("disk: \"" + text + "\"\n").disk()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-1GiB    | is no size",
                "4  GiB   | is no size",
                "4XiB     | is no size",
                "4GiBs    | is no size",
                "GiB      | is no size",
                "1e3      | too few",
                "99999999PiB | is no size",
                "4        | add a unit",
            })
    void badSizesAreRefused(String text, String words) {
        assertThat(Given.linux(home).refusal("memory: " + text + "\n"))
                .startsWith("lima.yaml:2:9: ")
                .contains(words);
    }

    @ParameterizedTest
    @CsvSource({
        "4294967296, 4GiB",
        "4125316087, 3.842GiB",
        "0, 0B",
        "1023, 1023B",
        "1024, 1KiB",
        "137438953472, 128GiB",
        "1610612736, 1.5GiB",
        "1099511627776, 1TiB"
    })
    void sizesArePrintedWithFourDigits(long bytes, String text) {
        assertThat(Size.print(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1",
        "0.0.0.0, 0.0.0.0",
        "::1, ::1",
        "0:0:0:0:0:0:0:0, ::",
        "2001:DB8:0:0:1:0:0:0, 2001:db8:0:0:1::",
        "fe80::1:2, fe80::1:2",
        "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8"
    })
    void addressesHaveOneSpelling(String text, String canonical) {
        assertThat(Addresses.canonical(text)).contains(canonical);
    }
}
