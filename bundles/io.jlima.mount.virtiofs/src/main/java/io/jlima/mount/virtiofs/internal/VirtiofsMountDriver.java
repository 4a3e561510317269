// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Device;
import io.jlima.api.mount.MountDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Component;

/**
 * Shares directories by virtio-fs: a virtiofsd on the host for each, which works in the guest's memory, and the guest's
 * kernel mounts it while it boots. Read-only is enforced on the host.
 */
@Component(service = MountDriver.class, property = MountDriver.MOUNT_TYPE + "=virtiofs")
public final class VirtiofsMountDriver implements MountDriver {
    /** Lima's; also the most that QEMU takes. */
    private static final int QUEUE_SIZE = 1024;

    @Override
    public MountPlan plan(SetupRequest request, List<Mount> mounts) {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            throw new LimaException(
                    "Directories can be mounted by virtiofs on Linux hosts only",
                    "Set mountType to 9p or reverse-sshfs");
        }
        mounts.forEach(VirtiofsMountDriver::check);
        HostEnvironment caller = request.caller();
        Virtiofsd.User user = Virtiofsd.user(request.config().user().uid());
        return plan(mounts, request.directory(), usable(mounts, user, caller), user, caller);
    }

    /** The program, when it can serve all of them. */
    private static Virtiofsd usable(List<Mount> mounts, Virtiofsd.User user, HostEnvironment caller) {
        Virtiofsd program = Virtiofsd.find(caller);
        boolean bindable = user.isRoot() && caller.findProgram("unshare").isPresent();
        for (Mount mount : mounts) {
            program.objection(user, mount.writable(), bindable).ifPresent(e -> {
                throw e;
            });
        }
        return program;
    }

    static MountPlan plan(
            List<Mount> mounts, Path directory, Virtiofsd program, Virtiofsd.User user, HostEnvironment caller) {
        List<Device> devices = new ArrayList<>();
        List<FstabEntry> fstab = new ArrayList<>();
        List<List<String>> commands = new ArrayList<>();
        for (Mount mount : mounts) {
            devices.add(device(directory, mount));
            fstab.add(new FstabEntry(
                    mount.tag(), mount.mountPoint(), "virtiofs", mount.writable() ? "rw,nofail" : "ro,nofail"));
            commands.add(command(directory, mount, program, user));
        }
        return new MountPlan(devices, fstab, () -> begin(directory, mounts, commands, caller));
    }

    /** @param directory of the instance */
    static Device.SharedDirectory device(Path directory, Mount mount) {
        return new Device.SharedDirectory(
                mount.tag(),
                Path.of(mount.location()),
                !mount.writable(),
                new Device.Virtiofs(new ShareDaemon(directory, mount).socket(), queueSize(mount)));
    }

    private static List<String> command(Path directory, Mount mount, Virtiofsd program, Virtiofsd.User user) {
        return program.command(
                new ShareDaemon(directory, mount).socket(), Path.of(mount.location()), mount.writable(), user);
    }

    /**
     * What serves one more mount of a guest that runs.
     *
     * @throws LimaException when nothing on this host can
     */
    static List<String> command(Guest guest, Mount mount) {
        Virtiofsd.User user = Virtiofsd.user(guest.config().user().uid());
        return command(guest.directory(), mount, usable(List.of(mount), user, guest.caller()), user);
    }

    /** All of them, or none. */
    private static Runnable begin(
            Path directory, List<Mount> mounts, List<List<String>> commands, HostEnvironment caller)
            throws InterruptedException {
        Runnable undo = () -> endAll(directory, mounts);
        try {
            for (int number = 0; number < commands.size(); number++) {
                new ShareDaemon(directory, mounts.get(number)).start(commands.get(number), caller);
            }
        } catch (InterruptedException | LimaException e) {
            undo.run();
            throw e;
        }
        return undo;
    }

    private static void endAll(Path directory, List<Mount> mounts) {
        boolean interrupted = Thread.interrupted();
        for (Mount mount : mounts) {
            try {
                new ShareDaemon(directory, mount).end();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Attachment attach(Guest guest, List<Mount> mounts) {
        return new VirtiofsMounts(guest, mounts);
    }

    private static int queueSize(Mount mount) {
        return mount.queueSize() == null ? QUEUE_SIZE : mount.queueSize();
    }

    /** @throws LimaException when an option has a value that cannot be */
    static void check(Mount mount) {
        int size = queueSize(mount);
        if (size < 2 || size > QUEUE_SIZE || Integer.bitCount(size) != 1) {
            throw refusal(mount, "virtiofs.queueSize is " + size, "QEMU takes powers of two from 2 to " + QUEUE_SIZE);
        }
        Path location = Path.of(mount.location());
        if (Files.exists(location) && !Files.isDirectory(location)) {
            throw refusal(mount, location + " is not a directory", "Name a directory");
        }
    }

    private static LimaException refusal(Mount mount, String evidence, String remedy) {
        return new LimaException(
                "The mount of " + mount.location() + " by virtiofs cannot work", evidence, remedy, null);
    }
}
