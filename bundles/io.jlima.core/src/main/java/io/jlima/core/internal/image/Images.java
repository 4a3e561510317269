// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.config.InstanceConfig.Image;
import io.jlima.api.image.ImageSource;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds an image for an instance: the first of those listed that can be had. Thread-safe. */
public final class Images {
    private static final Logger LOG = LoggerFactory.getLogger(Images.class);

    private final Downloads downloads;
    private final Function<String, Optional<ImageSource>> sources;

    /**
     * @param sources finds the image source of a scheme, at the time it is needed
     */
    public Images(Downloads downloads, Function<String, Optional<ImageSource>> sources) {
        this.downloads = downloads;
        this.sources = sources;
    }

    /**
     * Tries the images of an architecture in order. The first of them decides which variant is meant; images of other
     * variants are passed over.
     *
     * @param images as listed in lima.yaml
     * @throws LimaException when none can be had, naming every failure
     * @throws InterruptedException when the calling thread is interrupted
     */
    public CachedImage fetch(List<Image> images, Arch arch, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        List<Image> candidates = candidates(images, arch);
        List<Failure> failures = new ArrayList<>();
        for (Image image : candidates) {
            String location = image.file().location();
            try {
                return fetch(image, caller, progress);
            } catch (LimaException e) {
                failures.add(new Failure(location, e));
                if (failures.size() < candidates.size()) {
                    progress.warn("Trying the next image, because %s cannot be used: %s".formatted(location, e.what()));
                }
            }
        }
        throw failure(failures, arch);
    }

    private static List<Image> candidates(List<Image> images, Arch arch) {
        List<Image> ofArch =
                images.stream().filter(i -> i.file().arch() == arch).toList();
        if (ofArch.isEmpty()) {
            throw new LimaException(
                    "No image is listed for the architecture " + arch,
                    "Listed: "
                            + (images.isEmpty()
                                    ? "none"
                                    : images.stream()
                                            .map(i -> i.file().location() + " ("
                                                    + i.file().arch() + ")")
                                            .collect(Collectors.joining(", "))),
                    "Add one to images in lima.yaml, or choose another arch.",
                    null);
        }
        Image first = ofArch.getFirst();
        return ofArch.stream()
                .filter(i -> Objects.equals(i.variant(), first.variant())
                        && Objects.equals(i.archVariant(), first.archVariant()))
                .toList();
    }

    private CachedImage fetch(Image image, HostEnvironment caller, Progress progress) throws InterruptedException {
        String scheme = Downloads.scheme(image.file().location());
        Path disk;
        Path kernel = null;
        Path initrd = null;
        String cmdline = "";
        if (isOurs(scheme)) {
            disk = download(image.file(), true, caller, progress);
        } else {
            ImageSource.SourcedImage sourced = ask(scheme, image.file(), caller, progress);
            disk = sourced.disk();
            kernel = sourced.kernel();
            initrd = sourced.initrd();
            cmdline = sourced.cmdline();
        }
        ImageFormat format;
        try {
            format = ImageFormat.ofForeign(disk);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw new LimaException("Cannot read the image " + disk, e);
        }
        // A kernel named in lima.yaml stands in place of the one that an image source brings.
        if (image.kernel() != null) {
            kernel = download(image.kernel(), true, caller, progress);
            cmdline = image.kernelCmdline();
            initrd = image.initrd() == null ? null : initrd;
        }
        if (image.initrd() != null) {
            initrd = download(image.initrd(), false, caller, progress);
        }
        return new CachedImage(disk, format, kernel, initrd, cmdline);
    }

    private Path download(FileRef file, boolean unpack, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        String scheme = Downloads.scheme(file.location());
        if (!isOurs(scheme)) {
            throw new LimaException("A kernel or initrd cannot be had from " + file.location());
        }
        return downloads.fetch(file.location(), file.digest(), unpack, caller, progress);
    }

    private ImageSource.SourcedImage ask(String scheme, FileRef file, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        ImageSource source = sources.apply(scheme)
                .orElseThrow(() -> new LimaException(
                        "Nothing that is installed knows image locations that begin with " + scheme + ":",
                        "Install the bundle that serves them, or use another image."));
        if (file.digest() != null) {
            throw new LimaException(
                    "A digest cannot be demanded of " + file.location(),
                    "Remove digest there: the image is made on this host.");
        }
        Path cache = Downloads.cacheRoot(caller).resolve(scheme);
        try {
            return source.fetch(new ImageSource.Request(file.location(), file.arch(), cache), caller, progress);
        } catch (RuntimeException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (e instanceof LimaException) {
                throw e;
            }
            LOG.error("Image source for {} failed", file.location(), e);
            throw new LimaException("The image source for " + scheme + ": failed", e);
        }
    }

    /** Whether locations of this scheme are downloads. */
    private static boolean isOurs(String scheme) {
        return scheme.equals("https") || scheme.equals("http") || scheme.equals("file");
    }

    private static LimaException failure(List<Failure> failures, Arch arch) {
        LimaException last = failures.getLast().why();
        if (failures.size() == 1) {
            String location = failures.getFirst().location();
            return new LimaException(
                    "The only image for %s, %s, cannot be used".formatted(arch, location),
                    join(last.what(), last.evidence()),
                    last.remedy(),
                    last);
        }
        String remedies = failures.stream()
                .map(f -> f.why().remedy())
                .filter(Objects::nonNull)
                .distinct()
                .collect(Collectors.joining("\n"));
        return new LimaException(
                "None of the %d images for %s can be used".formatted(failures.size(), arch),
                failures.stream()
                        .map(f -> "- %s\n%s"
                                .formatted(
                                        f.location(),
                                        join(f.why().what(), f.why().evidence())
                                                .indent(4)
                                                .stripTrailing()))
                        .collect(Collectors.joining("\n")),
                remedies,
                last);
    }

    private static String join(String what, @Nullable String evidence) {
        return evidence == null || evidence.isBlank() ? what : what + "\n" + evidence.strip();
    }

    private record Failure(String location, LimaException why) {}
}
