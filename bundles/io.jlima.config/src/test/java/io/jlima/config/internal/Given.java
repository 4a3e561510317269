// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A host and its files, to be varied by tests. */
record Given(
        String os,
        Arch arch,
        int cpus,
        long memory,
        String userName,
        long uid,
        String instanceName,
        Path limaHome,
        @Nullable String createdBy) {
    static final String IMAGE = "images: [{location: /image}]\n";

    /** A Linux host of 8 processors and 16 GiB. */
    static Given linux(Path limaHome) {
        return new Given("linux", Arch.X86_64, 8, 16L << 30, "foo", 1000, "t1", limaHome, null);
    }

    Given on(String newOs, Arch newArch) {
        return new Given(newOs, newArch, cpus, memory, userName, uid, instanceName, limaHome, createdBy);
    }

    Given sized(int newCpus, long newMemory) {
        return new Given(os, arch, newCpus, newMemory, userName, uid, instanceName, limaHome, createdBy);
    }

    Given by(String newUser, long newUid) {
        return new Given(os, arch, cpus, memory, newUser, newUid, instanceName, limaHome, createdBy);
    }

    Given named(String newName) {
        return new Given(os, arch, cpus, memory, userName, uid, newName, limaHome, createdBy);
    }

    Given madeBy(@Nullable String version) {
        return new Given(os, arch, cpus, memory, userName, uid, instanceName, limaHome, version);
    }

    Path config(String name) {
        return limaHome.resolve("_config").resolve(name);
    }

    Given with(String name, String text) {
        try {
            Files.createDirectories(limaHome.resolve("_config"));
            Files.writeString(config(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    Facts facts() {
        return new Facts(
                os,
                arch,
                cpus,
                memory,
                userName,
                "Foo Bar",
                uid,
                Path.of("/home/foo"),
                "0123456789abcdef0123456789abcdef",
                "Europe/Berlin",
                instanceName,
                limaHome.resolve(instanceName),
                limaHome.resolve("_config"),
                createdBy);
    }

    Resolved resolve(String yaml) {
        return new YamlConfigReader().resolve(yaml, "lima.yaml", facts());
    }

    /** Resolves a text that lists an image besides. */
    InstanceConfig accept(String yaml) {
        return resolve(IMAGE + yaml).config();
    }

    /** The message by which the text, with an image listed first, is refused. */
    String refusal(String yaml) {
        return refusalOf(IMAGE + yaml);
    }

    String refusalOf(String yaml) {
        LimaException e = catchThrowableOfType(LimaException.class, () -> resolve(yaml));
        return e == null ? "accepted" : String.valueOf(e.getMessage());
    }
}
