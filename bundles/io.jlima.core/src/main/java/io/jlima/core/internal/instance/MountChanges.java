// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Mounts;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountAttachment.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Changes of mounts: of the guest first, and of lima.yaml when that has gone well. */
@Component(service = Mounts.class)
public final class MountChanges implements Mounts {
    private final InstancesService instances;

    /** One change at a time, since each rewrites a file that it has read. */
    private final ReentrantLock changing = new ReentrantLock();

    @Activate
    public MountChanges(@Reference InstancesService instances) {
        this.instances = instances;
    }

    @Override
    public List<State> list(String instance) {
        Optional<RunningGuest> guest = guest(instance);
        Optional<MountAttachment> live = guest.flatMap(RunningGuest::mounts);
        if (live.isPresent()) {
            return live.get().states();
        }
        Instance found = existing(instance);
        if (found.config() == null) {
            throw new LimaException(
                    "lima.yaml of instance `" + instance + "` cannot be used", String.join("\n", found.errors()));
        }
        String word = guest.isPresent() ? guest.get().mountType() : instances.mountType(found.config());
        return found.config().mounts().stream()
                .map(mount -> new State(mount, word, "", guest.isPresent() ? null : "the instance does not run"))
                .toList();
    }

    @Override
    public void add(String instance, Wanted wanted, HostEnvironment caller) throws InterruptedException {
        changing.lockInterruptibly();
        try {
            RunningGuest guest = running(instance);
            MountAttachment live = live(guest);
            Change change = new Change(guest, caller);
            String after = change.with(wanted, guest.mountType());
            List<Mount> mounts = change.mounts(after);
            Mount mount = change.onlyOneIn(mounts);
            NestedMounts.check(mounts);
            if (!Files.isDirectory(Path.of(mount.location()))) {
                throw new LimaException(mount.location() + " is no directory of this host", "Make it first");
            }
            live.add(mount);
            guest.mountsChanged();
            change.write(after);
        } finally {
            changing.unlock();
        }
    }

    @Override
    public void remove(String instance, String mountPoint, HostEnvironment caller) throws InterruptedException {
        changing.lockInterruptibly();
        try {
            RunningGuest guest = running(instance);
            MountAttachment live = live(guest);
            Change change = new Change(guest, caller);
            String point = Path.of(mountPoint).normalize().toString();
            List<Mount> left = change.before.stream()
                    .filter(m -> !m.mountPoint().equals(point))
                    .toList();
            if (left.size() == change.before.size()) {
                throw new LimaException(
                        mountPoint + " is no mount point of instance `" + instance + "`",
                        "`limactl mount list " + instance + "` shows them");
            }
            String after = change.text.without().stream()
                    .filter(text -> change.mounts(text).equals(left))
                    .findFirst()
                    .orElseThrow(change::cannotBeKept);
            live.remove(point);
            guest.mountsChanged();
            change.write(after);
        } finally {
            changing.unlock();
        }
    }

    /** A change of the {@code mounts} of one lima.yaml. */
    private final class Change {
        final InstanceFolder folder;
        final HostEnvironment caller;
        final MountsText text;
        final List<Mount> before;

        Change(RunningGuest guest, HostEnvironment caller) {
            this.folder = instances.folder(guest.name());
            this.caller = caller;
            try {
                this.text = new MountsText(Files.readString(folder.limaYaml()));
            } catch (IOException e) {
                throw new LimaException("cannot read " + folder.limaYaml(), e);
            }
            this.before = mounts(text.text());
        }

        /**
         * The text with one more mount. Where the next start would mount by another driver, the one that does it now is
         * written, too: what works in the running guest need not work there by any other.
         */
        String with(Wanted wanted, String mountType) {
            String longer = text.with(wanted).stream().findFirst().orElseThrow(this::cannotBeKept);
            if (instances.mountType(config(longer)).equals(mountType)) {
                return longer;
            }
            String typed = new MountsText(longer).typed(mountType);
            InstanceConfig after = config(typed);
            if (!mountType.equals(after.mountType()) || !after.mounts().equals(mounts(longer))) {
                throw cannotBeKept();
            }
            return typed;
        }

        /** The mounts that a text makes, after all that is merged with it. */
        List<Mount> mounts(String changed) {
            return config(changed).mounts();
        }

        private InstanceConfig config(String changed) {
            return instances.resolved(folder, changed, caller).config();
        }

        /** The mount that is there now and was not there before; all others must be as they were. */
        Mount onlyOneIn(List<Mount> after) {
            List<Mount> fresh = new ArrayList<>(after);
            fresh.removeAll(before);
            if (fresh.size() == 1 && after.size() == before.size()) {
                throw new LimaException(
                        fresh.getFirst().mountPoint() + " is a mount point already",
                        "Remove it first with `limactl mount remove`, or choose another one with --mount-point");
            }
            if (fresh.isEmpty()) {
                throw new LimaException("this directory is mounted there already");
            }
            if (fresh.size() != 1 || after.size() != before.size() + 1) {
                throw cannotBeKept();
            }
            return fresh.getFirst();
        }

        LimaException cannotBeKept() {
            return new LimaException(
                    "the mounts in " + folder.limaYaml() + " are written in a way that cannot be changed here",
                    "Change them by hand, and restart the instance");
        }

        void write(String after) {
            folder.write("lima.yaml", after, "rw-r--r--");
        }
    }

    private Instance existing(String instance) {
        return instances
                .find(instance)
                .orElseThrow(() -> new LimaException(
                        "instance `" + instance + "` does not exist", "`limactl list` shows all instances"));
    }

    private Optional<RunningGuest> guest(String instance) {
        existing(instance);
        return instances.guest(instance);
    }

    private RunningGuest running(String instance) {
        return guest(instance)
                .orElseThrow(() -> new LimaException(
                        "instance `" + instance + "` does not run",
                        "Change `mounts` in its lima.yaml, or start it with `limactl start " + instance + "`"));
    }

    private static MountAttachment live(RunningGuest guest) {
        return guest.liveMounts()
                .orElseThrow(() -> new LimaException(
                        "the mounts of instance `" + guest.name() + "` cannot be changed while it runs",
                        "A mount of its type is there from the machine's start to its end, so that takes a restart;"
                                + " those of mountType reverse-sshfs and virtiofs come and go"));
    }
}
