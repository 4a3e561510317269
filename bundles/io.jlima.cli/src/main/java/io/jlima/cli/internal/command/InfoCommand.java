// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.Expressions;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.instance.Instances;
import io.jlima.api.instance.Mounts;
import io.jlima.api.machine.Hypervisor;
import io.jlima.cli.internal.Colours;
import io.jlima.cli.internal.DaemonControl;
import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.Plugins;
import io.jlima.cli.internal.Versions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** {@code limactl info}: what is installed here, as JSON. */
@Component(service = Command.class)
public final class InfoCommand implements Command {
    private static final int INDENT = 4;

    /** Where the bundle of the guest agent has its programs, but for the architecture. */
    private static final String AGENTS = "io/jlima/guestagent/internal/programs/lima-guestagent-";

    private final BundleContext context;
    private final Instances instances;
    private final Mounts mounts;
    private final Creation creation;
    private final DaemonControl daemon;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable Expressions expressions;

    @Activate
    public InfoCommand(
            BundleContext context,
            @Reference Instances instances,
            @Reference Mounts mounts,
            @Reference Creation creation,
            @Reference DaemonControl daemon) {
        this.context = context;
        this.instances = instances;
        this.mounts = mounts;
        this.creation = creation;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("info", Group.ADVANCED, "Show what is installed here, as JSON")
                .with(new Option("yq", null, "EXPR", "print what this selects, for example .drivers (default .)"));
    }

    @Override
    public int run(Invocation invocation) throws Exception {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("version", Versions.limaCompatible(daemon.version()));
        List<Object> templates = new ArrayList<>();
        for (String name : creation.templateNames(invocation.caller())) {
            Map<String, Object> template = new LinkedHashMap<>();
            template.put("name", name);
            location(name, invocation).ifPresent(l -> template.put("location", l.toString()));
            templates.add(template);
        }
        info.put("templates", templates);
        Optional<Resolved> usual = creation.usual(invocation.caller());
        info.put("defaultTemplate", usual.map(Resolved::tree).orElse(Map.of()));
        usual.flatMap(this::mountType).ifPresent(type -> info.put("mountType", type));
        info.put("limaHome", instances.home().toString());
        List<String> vmTypes = words("io.jlima.api.machine.Hypervisor", Hypervisor.VM_TYPE);
        info.put("vmTypes", vmTypes);
        info.put("vmTypesEx", vmTypesEx());
        info.put("guestAgents", guestAgents());
        info.put("shellEnvBlock", PreservedEnvironment.BLOCKED);
        info.put("hostOS", System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux");
        info.put("hostArch", Arch.host().word());
        info.put("identityFile", instances.home().resolve("_config/user").toString());
        info.put("plugins", plugins(invocation));
        info.put("libexecPaths", existing("libexec/lima", "lib/lima"));
        info.put("sharePaths", existing("share/lima", "templates"));
        info.put("jlimaVersion", daemon.version());
        info.put("drivers", drivers());
        Optional<String> expression = invocation.value("yq").filter(e -> !e.equals("."));
        for (Object result : expression.isPresent() ? evaluated(expression.get(), info) : List.<Object>of(info)) {
            invocation
                    .out()
                    .println(
                            result instanceof Map || result instanceof List
                                    ? Colours.of(invocation).json(Json.pretty(result, INDENT))
                                    : String.valueOf(result));
        }
        return 0;
    }

    private List<@Nullable Object> evaluated(String expression, Object info) {
        Expressions there = expressions;
        if (there == null) {
            throw new LimaException(
                    "no bundle for expressions is installed", "Install it again (limactl console 'install …')");
        }
        return there.evaluate(expression, info);
    }

    /** How an instance of the default template would mount directories, and why. */
    private Optional<Map<String, Object>> mountType(Resolved usual) {
        try {
            MountChoice choice = mounts.choice(usual.config());
            Map<String, Object> type = new LinkedHashMap<>();
            type.put("name", choice.mountType());
            type.put("reason", choice.reason());
            return Optional.of(type);
        } catch (LimaException e) {
            return Optional.empty();
        }
    }

    private Map<String, Object> vmTypesEx() throws Exception {
        Map<String, Object> types = new LinkedHashMap<>();
        for (ServiceReference<?> reference : references("io.jlima.api.machine.Hypervisor")) {
            Map<String, Object> type = new LinkedHashMap<>();
            type.put("location", reference.getBundle().getLocation());
            types.put(String.valueOf(reference.getProperty(Hypervisor.VM_TYPE)), type);
        }
        return types;
    }

    /** Guest agents that are installed, by architecture; where they are kept is their bundle's affair. */
    private Map<String, Object> guestAgents() {
        Map<String, Object> agents = new LinkedHashMap<>();
        for (Bundle bundle : context.getBundles()) {
            for (Arch arch : Arch.values()) {
                if (bundle.getEntry(AGENTS + arch.word()) != null) {
                    agents.put(arch.word(), Map.of("location", bundle.getLocation()));
                }
            }
        }
        return agents;
    }

    private List<Object> plugins(Invocation invocation) {
        List<Object> plugins = new ArrayList<>();
        for (Plugins.Plugin plugin : new Plugins(invocation.caller(), daemon.prefix()).list()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", plugin.name());
            entry.put("path", plugin.program().toString());
            if (!plugin.description().isEmpty()) {
                entry.put("description", plugin.description());
            }
            plugins.add(entry);
        }
        return plugins;
    }

    private List<String> existing(String... folders) {
        return java.util.Arrays.stream(folders)
                .map(f -> daemon.prefix().resolve(f))
                .filter(Files::isDirectory)
                .map(Path::toString)
                .toList();
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
                driver.put("state", bundle.getState() == Bundle.ACTIVE ? "active" : "starting");
                if (context.getService(reference) instanceof Hypervisor hypervisor) {
                    driver.put(
                            "arches",
                            hypervisor.info().arches().stream()
                                    .map(Arch::word)
                                    .sorted()
                                    .toList());
                    driver.put("mountTypes", hypervisor.info().mountTypes());
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
