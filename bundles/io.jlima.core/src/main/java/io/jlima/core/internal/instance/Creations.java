// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.core.internal.disk.InstanceDisks;
import io.jlima.core.internal.image.CachedImage;
import java.nio.file.Files;

/** How an instance comes to be: of a configuration and an image, or of another instance. */
record Creations(LiveInstances instances, Platform platform, Endings endings) {
    /** Makes an instance with its disk, or leaves nothing behind. */
    void create(String name, String yaml, String source, HostEnvironment caller, Progress progress) {
        HomeFolder home = platform.home();
        InstanceName.check(name, home.path());
        instances.reserve(name);
        try {
            InstanceFolder folder = home.instance(name);
            if (folder.exists()) {
                throw new LimaException(
                        "instance `" + name + "` already exists",
                        "Start it with `limactl start " + name + "`, or choose another name with --name");
            }
            Configuration configuration = platform.configurations().resolve(folder, yaml, source, caller);
            configuration.warnings().forEach(progress::warn);
            // Everything that can be refused is refused before anything is made; the port is chosen at the start.
            MachinePlan.of(folder, configuration.config(), configuration.facts(), platform.drivers(), 0, caller);
            var config = configuration.config();
            CachedImage image = platform.images().fetch(config.images(), config.arch(), caller, progress);
            folder.create(yaml, home.limaVersion());
            try {
                new InstanceDisks(folder.path(), caller).create(image, config.disk(), progress);
            } catch (RuntimeException | InterruptedException e) {
                folder.delete();
                throw e;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("the creation of `" + name + "` was cancelled; nothing was left behind");
        } finally {
            instances.made(name);
        }
    }

    void copy(String name, String newName, Progress progress) throws InterruptedException {
        make(name, newName, (from, to) -> new InstanceCopy(from.folder, to, progress).run());
    }

    void rename(String name, String newName) throws InterruptedException {
        make(name, newName, (from, to) -> {
            platform.extraDisks(from.folder).giveBack();
            from.folder.moveTo(to);
            instances.forget(from);
        });
    }

    private interface Making {
        void make(LiveInstance from, InstanceFolder to) throws InterruptedException;
    }

    /** Makes one instance of another that does not run, while nobody else does anything with either. */
    private void make(String name, String newName, Making making) throws InterruptedException {
        LiveInstance source = instances.existing(name);
        LimaHostAgent.refuse(source.folder);
        InstanceName.check(newName, platform.home().path());
        instances.reserve(newName);
        try {
            InstanceFolder target = platform.home().instance(newName);
            if (Files.exists(target.path())) {
                throw new LimaException("instance `" + newName + "` already exists", "Choose another name");
            }
            Endings.enterStopped(source, "Stop it first with `limactl stop " + name + "`");
            try {
                making.make(source, target);
            } finally {
                endings.leave(source);
            }
        } finally {
            instances.made(newName);
        }
    }
}
