// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.image.ImageCache;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.cli.internal.Sizes;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** What somebody at a terminal is asked before an instance is made: this is what it would be, go on? */
@Component(service = CreationQuestion.class)
public final class CreationQuestion {
    /** What the answer can be; the order is that of the list shown. */
    enum Answer {
        PROCEED("Proceed with the current configuration"),
        EDIT("Open an editor to review or modify the current configuration"),
        OTHER("Choose another template (docker, podman, archlinux, fedora, ...)"),
        EXIT("Exit");

        private final String words;

        Answer(String words) {
            this.words = words;
        }
    }

    private final Instances instances;
    private final ImageCache cache;
    private final Set<Hypervisor> hypervisors = ConcurrentHashMap.newKeySet();

    @Activate
    public CreationQuestion(@Reference Instances instances, @Reference ImageCache cache) {
        this.instances = instances;
        this.cache = cache;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addHypervisor(Hypervisor hypervisor) {
        hypervisors.add(hypervisor);
    }

    void removeHypervisor(Hypervisor hypervisor) {
        hypervisors.remove(hypervisor);
    }

    /** Shows what the text makes, and asks. */
    Answer ask(Invocation invocation, String name, String text, String source) throws InterruptedException {
        String summary;
        try {
            summary = summary(invocation, instances.check(text, source, invocation.caller()));
        } catch (LimaException e) {
            summary = "  It cannot be used as it is: "
                    + String.valueOf(e.getMessage()).indent(4).strip() + "\n";
        }
        invocation.out().print("Instance \"" + name + "\" would be made of " + source + ":\n" + summary);
        List<String> choices =
                List.of(Answer.values()).stream().map(a -> a.words).toList();
        return Answer.values()[Questions.choose(invocation, "Create it?", choices)];
    }

    private String summary(Invocation invocation, Resolved resolved) throws InterruptedException {
        InstanceConfig config = resolved.config();
        StringBuilder text = new StringBuilder();
        row(text, "image", image(config, invocation));
        int processors = Runtime.getRuntime().availableProcessors();
        row(text, "CPUs", config.cpus() + " (this host has " + processors + ")");
        row(text, "memory", Sizes.text(config.memory()));
        row(text, "disk", Sizes.text(config.disk()) + ", of which only what is written takes space");
        if (config.mounts().isEmpty()) {
            row(text, "mounts", "none");
        }
        for (InstanceConfig.Mount mount : config.mounts()) {
            String place = mount.mountPoint().equals(mount.location()) ? "" : " on " + mount.mountPoint();
            row(
                    text,
                    "mount",
                    HomePath.shorten(Path.of(mount.location()), invocation.caller())
                            + place
                            + (mount.writable() ? " (writable)" : " (read-only)"));
        }
        String vmType = config.vmType();
        String accelerator = hypervisors.stream()
                .filter(h -> vmType == null || h.info().vmType().equals(vmType))
                .filter(h -> h.info().arches().contains(config.arch()))
                .flatMap(h -> h.accelerator(config.arch(), invocation.caller()).stream()
                        .map(a -> h.info().vmType() + ", " + a))
                .collect(Collectors.joining("; "));
        row(text, "runs by", accelerator.isEmpty() ? "no installed hypervisor" : accelerator);
        return text.toString();
    }

    private String image(InstanceConfig config, Invocation invocation) throws InterruptedException {
        for (InstanceConfig.Image image : config.images()) {
            FileRef file = image.file();
            if (file.arch() == config.arch()) {
                if (file.location().startsWith("debian:")) {
                    return file.location() + " (made on this host of Debian packages, once)";
                }
                OptionalLong size = cache.toFetch(file.location(), invocation.caller());
                return file.location()
                        + (size.isEmpty()
                                ? " (to be downloaded)"
                                : size.getAsLong() == 0
                                        ? " (no download is needed)"
                                        : " (" + Sizes.text(size.getAsLong()) + " to download)");
            }
        }
        return "none for " + config.arch().word();
    }

    private static void row(StringBuilder text, String name, String value) {
        text.append("  ")
                .append(name)
                .repeat(' ', Math.max(1, 10 - name.length()))
                .append(value)
                .append('\n');
    }
}
