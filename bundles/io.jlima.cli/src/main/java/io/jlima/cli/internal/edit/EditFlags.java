// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import static io.jlima.cli.internal.edit.EditFlag.of;
import static io.jlima.cli.internal.edit.EditFlag.onOff;

import io.jlima.api.LimaException;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.Expressions;
import io.jlima.cli.internal.edit.EditFlag.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The flags that change a lima.yaml, in the order in which they are applied, whatever their order in the command. */
@Component(service = EditFlags.class)
public final class EditFlags {
    private static final List<EditFlag> BEFORE_SET = List.of(
            of("cpus", "N", "number of processors", (tree, v) -> tree.put("cpus", Numbers.whole(v)))
                    .offering("1", "2", "4", "8"),
            of("dns", "IP", "name servers, instead of the built-in resolver; may be repeated", NetworkFlags::dns)
                    .noting("--dns turns the host resolver off, and with it the names of other instances"),
            of("memory", "GIB", "memory in GiB", (tree, v) -> tree.put("memory", Numbers.gibibytes(v)))
                    .offering("1", "2", "4", "8"),
            of("mount", "DIR[:w]", "directory of the host to add, :w to write to; may be repeated", MountFlags::add),
            of("mount-only", "DIR[:w]", "the same, in place of all others", MountFlags::only),
            onOff("mount-none", "mount nothing", MountFlags::none),
            of("mount-type", "TYPE", "how directories are shared", (tree, v) -> tree.put("mountType", v.last()))
                    .offering("reverse-sshfs", "9p", "virtiofs"),
            of("vm-type", "TYPE", "hypervisor", (tree, v) -> tree.put("vmType", v.last()))
                    .offering("qemu", "vz"),
            onOff("mount-inotify", "tell the guest of changed files", (tree, v) -> tree.put("mountInotify", v.on()))
                    .noting("--mount-inotify is experimental"),
            onOff("mount-writable", "let the guest write to all mounts", MountFlags::writable),
            of("network", "NAME", "network to add: lima:NAME or vzNAT; may be repeated", NetworkFlags::add)
                    .offering("lima:user-v2", "lima:shared", "lima:bridged", "lima:host", "vzNAT"),
            onOff("nested-virt", "virtual machines inside", (tree, v) -> tree.put("nestedVirtualization", v.on())),
            onOff("rosetta", "run programs for Intel by Rosetta", (tree, v) -> {
                tree.put("vmOpts.vz.rosetta.enabled", v.on());
                tree.put("vmOpts.vz.rosetta.binfmt", v.on());
            }));

    private static final Option SET =
            new Option("set", null, "EXPR", "change by an expression, for example '.cpus = 2'; may be repeated");

    private static final List<EditFlag> AFTER_SET = List.of(
            of("param", "KEY=VALUE", "value of a parameter of the template; may be repeated", OtherFlags::param),
            onOff("video", "show a display", (tree, v) -> tree.put("video.display", v.on() ? "default" : "none")),
            of("audio-device", "DEVICE", "sound device", (tree, v) -> tree.put("audio.device", v.last()))
                    .forCreation()
                    .noting("--audio-device is experimental"),
            of("audio-interface", "NAME", "sound card", (tree, v) -> tree.put("audio.interface", v.last()))
                    .offering("hda", "virtio")
                    .forCreation()
                    .noting("--audio-interface is experimental"),
            of(
                    "ssh-port",
                    "PORT",
                    "port of 127.0.0.1 for ssh, 0 for any",
                    (tree, v) -> tree.put("ssh.localPort", Numbers.port(v))),
            of(
                            "image-variant",
                            "NAME",
                            "take only images of this variant",
                            (tree, v) -> OtherFlags.keepImages(tree, v, "variant"))
                    .forNew(),
            of(
                            "arch-variant",
                            "NAME",
                            "take only images for this variant of the architecture",
                            (tree, v) -> OtherFlags.keepImages(tree, v, "archVariant"))
                    .forNew(),
            of("arch", "ARCH", "architecture of the guest", (tree, v) -> tree.put("arch", v.last()))
                    .offering("x86_64", "aarch64", "armv7l", "ppc64le", "riscv64", "s390x")
                    .forNew(),
            of("containerd", "MODE", "containerd of the user, of the system, both or none", OtherFlags::containerd)
                    .offering("user", "system", "user+system", "none")
                    .forNew(),
            of("disk", "GIB", "size of the disk in GiB", (tree, v) -> tree.put("disk", Numbers.gibibytes(v)))
                    .offering("10", "30", "50", "100"),
            onOff("plain", "a guest without mounts, forwards and containerd", (tree, v) -> tree.put("plain", v.on()))
                    .forNew(),
            of(
                            "port-forward",
                            "HOST:GUEST[,static=true]",
                            "port to forward; may be repeated",
                            NetworkFlags::portForward)
                    .forCreation(),
            of("shell", "PATH", "login shell", (tree, v) -> tree.put("user.shell", v.last())));

    private final ConfigReader reader;
    private final Expressions expressions;

    @Activate
    public EditFlags(@Reference ConfigReader reader, @Reference Expressions expressions) {
        this.reader = reader;
        this.expressions = expressions;
    }

    /** Those of {@code create} and {@code start}. */
    public static List<Option> forCreation() {
        return options(false);
    }

    /** Those of commands that change an existing instance. */
    public static List<Option> forEditing() {
        return options(true);
    }

    private static List<Option> options(boolean editing) {
        List<Option> options = new ArrayList<>();
        BEFORE_SET.stream()
                .filter(f -> !editing || !f.onlyCreation())
                .map(EditFlag::option)
                .forEach(options::add);
        options.add(SET);
        AFTER_SET.stream()
                .filter(f -> !editing || !f.onlyCreation())
                .map(EditFlag::option)
                .forEach(options::add);
        return List.copyOf(options);
    }

    /** Whether any of them was given. */
    public static boolean given(Invocation invocation) {
        return options(false).stream().anyMatch(o -> invocation.value(o.name()).isPresent());
    }

    /**
     * The text with what the flags say; the same text when none was given.
     *
     * @param source name of the text in messages
     * @param existing whether it belongs to an instance that is there: flags for new ones are left out with a warning
     * @throws LimaException when a flag makes no sense
     */
    public String apply(Invocation invocation, String text, String source, boolean existing) {
        if (!given(invocation)) {
            return text;
        }
        MountFlags.refuseContradictions(invocation);
        Tree tree = new Tree(reader.parse(text, source));
        BEFORE_SET.forEach(flag -> apply(flag, tree, invocation, existing));
        invocation.values(SET.name()).forEach(expression -> set(tree, expression));
        AFTER_SET.forEach(flag -> apply(flag, tree, invocation, existing));
        return reader.rewrite(text, source, tree.root());
    }

    private static void apply(EditFlag flag, Tree tree, Invocation invocation, boolean existing) {
        String name = flag.option().name();
        if (invocation.value(name).isEmpty()) {
            return;
        }
        if (existing && flag.onlyNew()) {
            invocation
                    .log()
                    .warn("--" + name + " is left out: it is for new instances; for this one there is"
                            + " `limactl edit --set`");
            return;
        }
        if (!flag.note().isEmpty()) {
            invocation.log().warn(flag.note());
        }
        processing(name, () -> flag.change().make(tree, new Values(name, invocation)));
    }

    private void set(Tree tree, String expression) {
        processing(SET.name(), () -> {
            List<?> results = expressions.evaluate(expression, tree.root());
            if (results.size() != 1 || !(results.getFirst() instanceof Map<?, ?> map)) {
                throw new LimaException(
                        "the expression makes no lima.yaml: " + expression,
                        "change a field with = or |=, for example: .cpus = 2");
            }
            Map<String, @Nullable Object> next = new LinkedHashMap<>();
            map.forEach((key, value) -> next.put(String.valueOf(key), value));
            tree.replace(next);
        });
    }

    private static void processing(String name, Runnable change) {
        try {
            change.run();
        } catch (LimaException e) {
            throw new LimaException(
                    "error while processing flag `" + name + "`: " + e.what(), e.evidence(), e.remedy(), e);
        }
    }

    /** All options of both kinds, for a command's own ones and these. */
    public static Option[] with(List<Option> flags, Option... own) {
        return Stream.concat(Stream.of(own), flags.stream()).toArray(Option[]::new);
    }
}
