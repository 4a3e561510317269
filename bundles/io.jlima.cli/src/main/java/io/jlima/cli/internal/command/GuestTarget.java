// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.Spelling;
import java.nio.file.Files;
import java.nio.file.Path;

/** The instance that a command needs, or the line that says why it cannot be had. */
public final class GuestTarget {
    private GuestTarget() {}

    /** An instance that exists. */
    static Instance existing(Instances instances, String name) {
        return instances.find(name).orElseThrow(() -> missing(instances, name));
    }

    private static LimaException missing(Instances instances, String name) {
        var near = Spelling.near(
                name, instances.list().stream().map(Instance::name).toList());
        String what =
                "instance `" + name + "` does not exist, run `limactl create " + name + "` to create a new instance";
        return new LimaException(
                what,
                near.isEmpty()
                        ? "`limactl list` shows all instances"
                        : "Did you mean " + String.join(" or ", near) + "?");
    }

    /** An instance that exists, and that could be started if it does not run. */
    public static Instance sound(Instances instances, String name) {
        Instance instance = existing(instances, name);
        refuseBroken(instance);
        return instance;
    }

    static void refuseBroken(Instance instance) {
        if (instance.status() == Status.BROKEN) {
            throw broken(instance);
        }
    }

    /** An instance with a lima.yaml, whatever stands in it: a directory without one may be anything. */
    public static Instance withConfiguration(Instances instances, String name) {
        Instance instance = existing(instances, name);
        if (!Files.exists(instance.directory().resolve("lima.yaml"))) {
            throw broken(instance);
        }
        return instance;
    }

    /** An instance that runs. */
    static Instance running(Instances instances, String name) {
        Instance instance = sound(instances, name);
        if (instance.status() == Status.STOPPED) {
            throw stopped(name);
        }
        return instance;
    }

    private static LimaException broken(Instance instance) {
        Path file = instance.directory().resolve("lima.yaml");
        return new LimaException(
                "instance `" + instance.name() + "` has configuration errors",
                String.join("\n", instance.errors()),
                Files.exists(file)
                        ? "Mend " + file + ", for example with `limactl edit " + instance.name() + "`"
                        : "To be rid of it: limactl delete --force " + instance.name(),
                null);
    }

    static LimaException stopped(String name) {
        return new LimaException(
                "instance `" + name + "` is stopped, run `limactl start " + name + "` to start the instance");
    }
}
