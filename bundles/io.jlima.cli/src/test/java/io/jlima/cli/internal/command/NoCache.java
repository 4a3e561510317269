// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageCache;
import java.nio.file.Path;
import java.util.OptionalLong;

/** A cache in which nothing is. */
final class NoCache implements ImageCache {
    @Override
    public Path directory(HostEnvironment caller) {
        return Path.of("/cache");
    }

    @Override
    public OptionalLong toFetch(String location, HostEnvironment caller) {
        return OptionalLong.empty();
    }

    @Override
    public Freed prune(boolean keepReferred, HostEnvironment caller, Progress progress) {
        return new Freed(0, 0);
    }
}
