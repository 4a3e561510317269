// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import com.sun.management.OperatingSystemMXBean;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.image.ImageCache;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.cli.internal.Sizes;
import java.lang.management.ManagementFactory;
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
        PROCEED("Proceed with this configuration"),
        EDIT("Open an editor to review or modify it first"),
        OTHER("Choose another template (docker, fedora, ...)"),
        EXIT("Exit");

        private final String words;

        Answer(String words) {
            this.words = words;
        }
    }

    /** Column of the screen in which the values begin. */
    private static final int VALUES = 12;

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
        invocation
                .out()
                .print("Instance \"" + name + "\" would be made of " + shortSource(source, invocation) + ":\n"
                        + summary);
        List<String> choices =
                List.of(Answer.values()).stream().map(a -> a.words).toList();
        return Answer.values()[Questions.choose(invocation, "Create it?", choices)];
    }

    /** As people name it: {@code template:docker}, or a file of theirs. */
    private String shortSource(String source, Invocation invocation) {
        if (!source.startsWith("/")) {
            return source;
        }
        Path file = Path.of(source);
        return instances.templateDirectories(invocation.caller()).stream()
                .filter(file::startsWith)
                .findFirst()
                .map(directory ->
                        "template:" + directory.relativize(file).toString().replaceFirst("\\.yaml(?= |$)", ""))
                .orElseGet(() -> HomePath.shorten(file, invocation.caller()));
    }

    private static long hostMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    private String summary(Invocation invocation, Resolved resolved) throws InterruptedException {
        InstanceConfig config = resolved.config();
        StringBuilder text = new StringBuilder();
        int screen = invocation.streams().columns();
        row(text, screen, "image", image(config, invocation));
        int processors = Runtime.getRuntime().availableProcessors();
        row(text, screen, "CPUs", config.cpus() + " (this host has " + processors + ")");
        row(text, screen, "memory", Sizes.text(config.memory()) + " (this host has " + Sizes.text(hostMemory()) + ")");
        row(text, screen, "disk", Sizes.text(config.disk()) + ", of which only what is written takes space");
        if (config.mounts().isEmpty()) {
            row(text, screen, "mounts", "none");
        }
        for (InstanceConfig.Mount mount : config.mounts()) {
            String place = mount.mountPoint().equals(mount.location()) ? "" : " on " + mount.mountPoint();
            row(
                    text,
                    screen,
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
        row(text, screen, "runs by", accelerator.isEmpty() ? "no installed hypervisor" : accelerator);
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

    /** Long values go on below, in their column. */
    private static void row(StringBuilder text, int screen, String name, String value) {
        int room = Math.max(20, (screen > 0 ? screen : 100) - VALUES);
        text.append("  ").append(name).repeat(' ', Math.max(1, VALUES - 2 - name.length()));
        int used = 0;
        for (String word : value.split(" ")) {
            if (used > 0 && used + 1 + word.length() > room) {
                text.append('\n').repeat(' ', VALUES);
                used = 0;
            }
            text.append(used > 0 ? " " : "").append(word);
            used += (used > 0 ? 1 : 0) + word.length();
        }
        text.append('\n');
    }
}
