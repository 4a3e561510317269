// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.cli.internal.DaemonControl;
import io.jlima.cli.internal.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl info}: what is installed here, as JSON. */
@Component(service = Command.class)
public final class InfoCommand implements Command {
    private static final int INDENT = 4;

    private final BundleContext context;
    private final Instances instances;
    private final Creation creation;
    private final DaemonControl daemon;

    @Activate
    public InfoCommand(
            BundleContext context,
            @Reference Instances instances,
            @Reference Creation creation,
            @Reference DaemonControl daemon) {
        this.context = context;
        this.instances = instances;
        this.creation = creation;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("info", Group.ADVANCED, "Show what is installed here, as JSON");
    }

    @Override
    public int run(Invocation invocation) throws Exception {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("version", daemon.version());
        List<Object> templates = new ArrayList<>();
        for (String name : creation.templateNames(invocation.caller())) {
            Map<String, Object> template = new LinkedHashMap<>();
            template.put("name", name);
            location(name, invocation).ifPresent(l -> template.put("location", l.toString()));
            templates.add(template);
        }
        info.put("templates", templates);
        info.put("limaHome", instances.home().toString());
        info.put("vmTypes", words("io.jlima.api.machine.Hypervisor", Hypervisor.VM_TYPE));
        info.put("drivers", drivers());
        info.put("hostOS", System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux");
        info.put("hostArch", Arch.host().word());
        info.put("identityFile", instances.home().resolve("_config/user").toString());
        invocation.out().println(Json.pretty(info, INDENT));
        return 0;
    }

    private Optional<Path> location(String template, Invocation invocation) {
        return instances.templateDirectories(invocation.caller()).stream()
                .map(d -> d.resolve(template + ".yaml"))
                .filter(Files::isReadable)
                .findFirst();
    }

    /** Every driver there is now: what it is for, the word for it, and the bundle it comes from. */
    private List<Object> drivers() throws Exception {
        List<Object> drivers = new ArrayList<>();
        for (String[] kind : new String[][] {
            {"io.jlima.api.machine.Hypervisor", "vmType"},
            {"io.jlima.api.network.Network", "network"},
            {"io.jlima.api.mount.MountDriver", "mountType"},
            {"io.jlima.api.image.ImageSource", "scheme"}
        }) {
            for (ServiceReference<?> reference : references(kind[0])) {
                Bundle bundle = reference.getBundle();
                Map<String, Object> driver = new LinkedHashMap<>();
                driver.put("kind", kind[0].substring(kind[0].lastIndexOf('.') + 1));
                driver.put("name", String.valueOf(reference.getProperty(kind[1])));
                driver.put("bundle", bundle.getSymbolicName());
                driver.put("version", bundle.getVersion().toString());
                if (context.getService(reference) instanceof Hypervisor hypervisor) {
                    driver.put(
                            "arches",
                            hypervisor.info().arches().stream()
                                    .map(Arch::word)
                                    .sorted()
                                    .toList());
                    driver.put(
                            "capabilities",
                            hypervisor.info().capabilities().stream().sorted().toList());
                }
                context.ungetService(reference);
                drivers.add(driver);
            }
        }
        return drivers;
    }

    private List<String> words(String type, String property) throws Exception {
        List<String> words = new ArrayList<>();
        for (ServiceReference<?> reference : references(type)) {
            words.add(String.valueOf(reference.getProperty(property)));
        }
        return words;
    }

    private List<ServiceReference<?>> references(String type) throws Exception {
        ServiceReference<?>[] found = context.getAllServiceReferences(type, null);
        return found == null ? List.of() : List.of(found);
    }
}
