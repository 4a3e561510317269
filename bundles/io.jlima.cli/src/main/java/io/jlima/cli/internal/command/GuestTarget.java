// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.Spelling;

/** The instance that a command needs, or the line that says why it cannot be had. */
final class GuestTarget {
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
        return near.isEmpty()
                ? new LimaException(what)
                : new LimaException(what, "Did you mean " + String.join(" or ", near) + "?");
    }

    /** An instance that runs. */
    static Instance running(Instances instances, String name) {
        Instance instance = existing(instances, name);
        if (instance.status() == Status.STOPPED || instance.status() == Status.BROKEN) {
            throw stopped(name);
        }
        return instance;
    }

    static LimaException stopped(String name) {
        return new LimaException(
                "instance `" + name + "` is stopped, run `limactl start " + name + "` to start the instance");
    }
}
