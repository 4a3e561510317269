// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.GuestWords;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.instance.Mounts;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountAttachment.State;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes of mounts: of the guest first, and of lima.yaml when that has gone well. */
@Component(service = Mounts.class)
public final class MountChanges implements Mounts {
    private static final Logger LOG = LoggerFactory.getLogger(MountChanges.class);

    private final InstancesService instances;

    @Activate
    public MountChanges(@Reference InstancesService instances) {
        this.instances = instances;
    }

    @Override
    public List<State> list(String instance) {
        Optional<RunningGuest> guest = guest(instance);
        Optional<MountAttachment> live = guest.flatMap(RunningGuest::mounts);
        if (live.isPresent()) {
            return live.get().states().stream().map(MountChanges::shown).toList();
        }
        String word = mountType(instance);
        return config(instance).mounts().stream()
                .map(mount -> new State(mount, word, "", guest.isPresent() ? null : "the instance does not run"))
                .toList();
    }

    @Override
    public String mountType(String instance) {
        Optional<RunningGuest> guest = guest(instance);
        return guest.isPresent() ? guest.get().mountType() : instances.mountType(config(instance));
    }

    @Override
    public MountChoice choice(InstanceConfig config) {
        return instances.mountChoice(config);
    }

    private InstanceConfig config(String instance) {
        Instance found = existing(instance);
        InstanceConfig config = found.config();
        if (config == null) {
            throw new LimaException(
                    "lima.yaml of instance `" + instance + "` cannot be used", String.join("\n", found.errors()));
        }
        return config;
    }

    private static State shown(State state) {
        return new State(
                state.mount(),
                GuestWords.plain(state.transport()),
                GuestWords.plain(state.server()),
                state.trouble() == null ? lackOfRoom(state.mount()) : GuestWords.plain(state.trouble()));
    }

    /** Whoever reads of a full disk in the guest wants to know which one, and sshfs may call it an I/O error there. */
    private static @Nullable String lackOfRoom(Mount mount) {
        if (!mount.writable()) {
            return null;
        }
        try {
            FileStore disk = Files.getFileStore(Path.of(mount.location()));
            boolean full = disk.getTotalSpace() > 0 && disk.getUsableSpace() < disk.getBlockSize();
            return full ? "the host's disk is full, nothing more can be written there" : null;
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("No word about the room for {}", mount.location(), e);
            return null;
        }
    }

    @Override
    public void add(String instance, Wanted wanted, HostEnvironment caller) throws InterruptedException {
        RunningGuest guest = running(instance);
        guest.changingMounts.lockInterruptibly();
        try {
            MountAttachment live = live(guest);
            Change change = new Change(guest, caller);
            String after = change.with(wanted);
            Mount mount = change.addedBy(after);
            if (!Files.isDirectory(Path.of(mount.location()))) {
                throw new LimaException(mount.location() + " is no directory of this host", "Make it first");
            }
            live.add(mount);
            try {
                change.keep(after, later -> {
                    String text = later.with(wanted);
                    if (!later.addedBy(text).equals(mount)) {
                        throw later.cannotBeKept();
                    }
                    return text;
                });
            } catch (RuntimeException e) {
                undo(() -> live.remove(mount.mountPoint()), e);
                throw e;
            } finally {
                guest.mountsChanged();
            }
        } finally {
            guest.changingMounts.unlock();
        }
    }

    @Override
    public void remove(String instance, String mountPoint, HostEnvironment caller) throws InterruptedException {
        RunningGuest guest = running(instance);
        guest.changingMounts.lockInterruptibly();
        try {
            MountAttachment live = live(guest);
            Change change = new Change(guest, caller);
            Mount mount = change.at(Path.of(mountPoint).normalize().toString());
            String after = change.without(mount);
            live.remove(mount.mountPoint());
            try {
                change.keep(after, later -> later.without(mount));
            } catch (RuntimeException e) {
                undo(() -> live.add(mount), e);
                throw e;
            } finally {
                guest.mountsChanged();
            }
        } finally {
            guest.changingMounts.unlock();
        }
    }

    /** A change of a guest's mounts. */
    private interface Undoing {
        void run() throws InterruptedException;
    }

    /** What lima.yaml does not say is not left in the guest. */
    private static void undo(Undoing step, RuntimeException why) {
        try {
            step.run();
        } catch (LimaException e) {
            why.addSuppressed(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A change of the {@code mounts} of one lima.yaml. */
    private final class Change {
        final RunningGuest guest;
        final InstanceFolder folder;
        final HostEnvironment caller;
        final MountsText text;
        final List<Mount> before;

        Change(RunningGuest guest, HostEnvironment caller) {
            this.guest = guest;
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
        String with(Wanted wanted) {
            String mountType = guest.mountType();
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

        /** The mount that a text has and was not there before; all others must be as they were. */
        Mount addedBy(String changed) {
            List<Mount> after = mounts(changed);
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
            NestedMounts.check(after);
            return fresh.getFirst();
        }

        /** The mount of that mount point. */
        Mount at(String point) {
            return before.stream()
                    .filter(mount -> mount.mountPoint().equals(point))
                    .findFirst()
                    .orElseThrow(() -> new LimaException(
                            point + " is no mount point of instance `" + guest.name() + "`",
                            "`limactl mount list " + guest.name() + "` shows them"));
        }

        /** The text without a mount, and with all others as they were. */
        String without(Mount mount) {
            List<Mount> left = new ArrayList<>(before);
            left.remove(mount);
            return text.without().stream()
                    .filter(changed -> mounts(changed).equals(left))
                    .findFirst()
                    .orElseThrow(this::cannotBeKept);
        }

        LimaException cannotBeKept() {
            return new LimaException(
                    "the mounts in " + folder.limaYaml() + " are written in a way that cannot be changed here",
                    "Change them by hand, and restart the instance");
        }

        /**
         * Writes the text. A guest takes its time, and whoever has edited the file meanwhile finds that kept.
         *
         * @param again makes the text anew, of what the file says by now
         */
        void keep(String after, Function<Change, String> again) {
            Change now = new Change(guest, caller);
            folder.write("lima.yaml", now.text.equals(text) ? after : again.apply(now), "rw-r--r--");
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
