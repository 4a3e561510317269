// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where images may come from, and what is said of those that cannot. */
class ImageLocationsTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            value = {
                "cpus: 4 § 1:1: images is empty",
                "images: [] § 1:9: images is empty",
                "images: [{arch: x86_64}] § 1:10: images[0] has no location",
                "images: [{location: ''}] § images[0] has no location",
                "images: [{location: ~other/x.img}] § 1:21: images[0].location: the home directory of another user",
                "images: [{location: /x, arch: arm64}] § 1:31: images[0].arch: unknown architecture",
                "images: [{location: /x, arch: arm64}] § write aarch64",
                "images: [{location: /x, digest: abc}] § names no algorithm",
                "images: [{location: /x, digest: 'md5:0123'}] § \"md5\" is not supported",
                "images: [{location: /x, digest: 'sha256:0123'}] § has not 64",
                "images: [{location: /x, arch: aarch64, kernel: {location: /k, arch: x86_64}}] § but the image's is"
                        + " aarch64",
                "images: [{location: /x, initrd: {location: /k, arch: armv7l}}] § images[0].initrd.arch is armv7l",
                "images: [{location: /x, kernel: {cmdline: x}}] § images[0].kernel has no location",
            })
    void badImagesAreRefused(String yaml, String words) {
        assertThat(Given.linux(home).refusalOf(yaml + "\n")).contains(words);
    }

    @Test
    void upperCaseDigestsAreRefused() {
        String digest = "A".repeat(64);
        assertThat(Given.linux(home).refusalOf("images: [{location: /x, digest: 'sha256:" + digest + "'}]"))
                .contains("lower-case");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/abs/x.qcow2            | /abs/x.qcow2",
                "~/x.img                 | /home/foo/x.img",
                "relative/x.img          | relative/x.img",
                "file:///x.img           | file:///x.img",
                "http://h/x              | http://h/x",
                "https://h/x?y=z         | https://h/x?y=z",
                "debian:bookworm         | debian:bookworm",
                "debian:trixie?include=a | debian:trixie?include=a",
            })
    void locationsOfEverySchemeAreAccepted(String location, String expected) {
        assertThat(Given.linux(home)
                        .resolve("images: [{location: '" + location + "'}]")
                        .config()
                        .images()
                        .getFirst()
                        .file()
                        .location())
                .isEqualTo(expected);
    }
}
