// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Images of the scheme {@code debian:}, built on this host from Debian packages by mmdebstrap, mke2fs and qemu-img.
 *
 * <p>With the arguments handed out, the guest starts without cloud-init and is set up by {@code guest/early.sh} and
 * {@code guest/late.sh} of the volume labelled {@code cidata}. Without {@code cloud-init=disabled} among the arguments,
 * the same image is one for cloud-init with a NoCloud volume.
 */
@Component(property = ImageSource.SCHEME + "=debian")
public final class DebianImageSource implements ImageSource {
    private final Map<Path, SharedBuild> builds = new ConcurrentHashMap<>();
    private final Arch host;

    @Activate
    public DebianImageSource() {
        this(Arch.host());
    }

    DebianImageSource(Arch host) {
        this.host = host;
    }

    @Override
    public SourcedImage fetch(Request request, HostEnvironment caller, Progress progress) {
        DebianLocation location = DebianLocation.parse(request.location());
        if (request.arch() != host) {
            throw new LimaException(
                    "An image of " + request.location() + " for " + request.arch() + " cannot be built here",
                    "Packages set themselves up by running their own programs, and this host runs those of " + host
                            + ".",
                    "Choose arch: " + host + ", or an image that is ready to be downloaded.",
                    null);
        }
        Recipe recipe = new Recipe(location, request.arch());
        ImageCache cache = new ImageCache(request.cache().toAbsolutePath().normalize(), recipe.key());
        if (!cache.isComplete()) {
            try {
                build(recipe, cache, caller, progress);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LimaException("Building the image for " + request.location() + " was given up", e);
            }
        }
        Path image = cache.image();
        return new SourcedImage(
                image.resolve("disk.qcow2"), image.resolve("kernel"), image.resolve("initrd"), recipe.cmdline());
    }

    private void build(Recipe recipe, ImageCache cache, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        while (!cache.isComplete()) {
            SharedBuild build = builds.computeIfAbsent(
                    cache.image(),
                    path -> new SharedBuild(
                            "Building a Debian " + recipe.location().suite() + " image",
                            note -> buildLocked(recipe, cache, caller, note)));
            if (build.enter()) {
                try {
                    build.await(progress);
                    return;
                } finally {
                    if (build.isOver()) {
                        builds.remove(cache.image(), build);
                    }
                }
            }
            // It was given up a moment ago and is taking its files away.
            build.awaitEnd();
            builds.remove(cache.image(), build);
        }
    }

    private static void buildLocked(Recipe recipe, ImageCache cache, HostEnvironment caller, Consumer<String> note)
            throws InterruptedException {
        try {
            cache.locked(note, () -> {
                if (!cache.isComplete()) {
                    new ImageBuild(recipe, caller, note).run(cache.part(), cache.image());
                }
            });
        } catch (IOException e) {
            throw new LimaException(
                    "The image cache " + cache.image().getParent() + " cannot be used", e.toString(), null, e);
        }
    }
}
