// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The programs for the guest that come with this bundle. */
final class VolumeResources {
    /** Lists the files below {@code volume/}: a bundle's folders cannot be listed through its class loader. */
    private static final String LIST = "volume.list";

    /** Paths of the programs in the volume, sorted. */
    List<String> paths() {
        return text(LIST).lines().toList();
    }

    /** Text of a program in the volume. */
    String program(String path) {
        return text("volume/" + path);
    }

    /** Text of any file beside this class. */
    String text(String name) {
        try (InputStream in = VolumeResources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the bundle lacks " + name);
            }
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
