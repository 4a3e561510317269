// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.osgi.annotation.versioning.ProviderType;

/** What has been downloaded or built, kept for the next instance. Thread-safe. */
@ProviderType
public interface ImageCache {
    /** Where this caller's cache is. */
    Path directory(HostEnvironment caller);

    /**
     * How much would have to be downloaded for an image: 0 when it is kept already or is a file of the host, empty when
     * nobody says.
     *
     * @param location as in lima.yaml
     */
    OptionalLong toFetch(String location, HostEnvironment caller) throws InterruptedException;

    /**
     * Removes what is kept. An entry that somebody is writing is waited for.
     *
     * @param keepReferred whether to keep what an instance or a template names, and built images
     */
    Freed prune(boolean keepReferred, HostEnvironment caller, Progress progress) throws InterruptedException;

    /**
     * @param entries how many images were removed
     * @param bytes space that they took
     */
    record Freed(int entries, long bytes) {}
}
