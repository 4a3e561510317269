// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DebianLocationTest {
    @Test
    void aSuiteAloneIsEnough() {
        assertThat(DebianLocation.parse("debian:bookworm"))
                .isEqualTo(new DebianLocation("bookworm", List.of(), "minbase"));
    }

    @Test
    void packagesAreSortedAndCountOnce() {
        assertThat(DebianLocation.parse("debian:trixie?include=make,g++,libstdc++6,make&variant=apt"))
                .isEqualTo(new DebianLocation("trixie", List.of("g++", "libstdc++6", "make"), "apt"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "debian:bookworm|debian:bookworm",
                "debian:bookworm?variant=minbase|debian:bookworm",
                "debian:bookworm?variant=apt&include=b1,a1|debian:bookworm?include=a1,b1&variant=apt"
            })
    void theShortestFormIsWritten(String location, String shortest) {
        assertThat(DebianLocation.parse(location)).hasToString(shortest);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ubuntu:noble|does not start with debian:",
                "debian:|\"\" is no name of a Debian release",
                "debian:?include=git|\"\" is no name of a Debian release",
                "debian:Bookworm|\"Bookworm\" is no name",
                "debian:--help|\"--help\" is no name",
                "debian:book worm|\"book worm\" is no name",
                "debian:../../etc|\"../../etc\" is no name",
                "debian:bookworm?|\"\" is unknown; include and variant are known",
                "debian:bookworm?mirror=http://x|\"mirror\" is unknown; include and variant are known",
                "debian:bookworm?include|\"\" is no name of a Debian package",
                "debian:bookworm?include=|\"\" is no name of a Debian package",
                "debian:bookworm?include=git,|\"\" is no name of a Debian package",
                "debian:bookworm?include=a|\"a\" is no name of a Debian package",
                "debian:bookworm?include=Git|\"Git\" is no name of a Debian package",
                "debian:bookworm?include=-git|\"-git\" is no name of a Debian package",
                "debian:bookworm?include=systemd-|\"systemd-\" is no name of a Debian package",
                "debian:bookworm?include=/etc/x.deb|\"/etc/x.deb\" is no name of a Debian package",
                "debian:bookworm?include=?essential|\"?essential\" is no name of a Debian package",
                "debian:bookworm?include=git;id|\"git;id\" is no name of a Debian package",
                "debian:bookworm?include=$(id)|\"$(id)\" is no name of a Debian package",
                "debian:bookworm?include=git%20vim|\"git%20vim\" is no name of a Debian package",
                "debian:bookworm?include=git&include=vim|\"include\" is given twice",
                "debian:bookworm?variant=|variant is \"\" and can be",
                "debian:bookworm?variant=custom|variant is \"custom\" and can be -, apt, buildd"
            })
    void anythingElseIsRefusedWithTheReason(String location, String reason) {
        assertThatThrownBy(() -> DebianLocation.parse(location))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("The image location " + location + " cannot be used")
                .hasMessageContaining(reason)
                .hasMessageContaining("for example debian:bookworm?include=git,make");
    }

    @ParameterizedTest
    @ValueSource(strings = {"debian:bookworm\n", "debian:book\0worm", "debian:bookworm?include=git\nvim"})
    void controlCharactersAreRefused(String location) {
        assertThatThrownBy(() -> DebianLocation.parse(location)).isInstanceOf(LimaException.class);
    }
}
