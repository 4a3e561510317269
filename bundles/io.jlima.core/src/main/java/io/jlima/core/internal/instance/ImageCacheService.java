// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.image.ImageCache;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.core.internal.image.CachePruning;
import io.jlima.core.internal.image.DownloadSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The cache of images, and who names what in it. */
@Component(service = ImageCache.class)
public final class ImageCacheService implements ImageCache {
    private final Instances instances;
    private final ConfigReader reader;

    @Activate
    public ImageCacheService(@Reference Instances instances, @Reference ConfigReader reader) {
        this.instances = instances;
        this.reader = reader;
    }

    @Override
    public Path directory(HostEnvironment caller) {
        return CachePruning.root(caller);
    }

    @Override
    public OptionalLong toFetch(String location, HostEnvironment caller) throws InterruptedException {
        return DownloadSize.of(location, caller);
    }

    @Override
    public Freed prune(boolean keepReferred, HostEnvironment caller, Progress progress) throws InterruptedException {
        CachePruning pruning = new CachePruning(CachePruning.root(caller));
        try {
            if (keepReferred) {
                Set<String> named = referred(caller, progress);
                pruning.downloads(url -> named.contains(url));
            } else {
                pruning.downloads(url -> false);
                pruning.builds();
            }
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot remove everything from " + CachePruning.root(caller), e);
        }
        return new Freed(pruning.entries(), pruning.bytes());
    }

    private Set<String> referred(HostEnvironment caller, Progress progress) {
        Set<String> urls = new HashSet<>();
        instances.list().stream().map(Instance::config).filter(Objects::nonNull).forEach(c -> add(urls, c));
        TemplateSearch search =
                new TemplateSearch(instances.templateDirectories(caller), caller.workingDirectory(), caller.home());
        for (String name : reader.templateNames(search)) {
            try {
                ConfigReader.Template template = reader.locate("template:" + name, search);
                add(
                        urls,
                        instances
                                .check(template.text(), template.source(), caller)
                                .config());
            } catch (LimaException e) {
                progress.warn("Template " + name + " cannot be read, so its images are not known: " + e.what());
            }
        }
        return urls;
    }

    private static void add(Set<String> urls, InstanceConfig config) {
        config.images().forEach(image -> {
            add(urls, image.file());
            add(urls, image.kernel());
            add(urls, image.initrd());
        });
        config.containerd().archives().forEach(a -> urls.add(a.location()));
        config.firmware().images().forEach(f -> urls.add(f.file().location()));
    }

    private static void add(Set<String> urls, @org.jspecify.annotations.Nullable FileRef file) {
        if (file != null) {
            // A file of the host is kept under its URL.
            urls.add(file.location().startsWith("/") ? "file://" + file.location() : file.location());
        }
    }
}
