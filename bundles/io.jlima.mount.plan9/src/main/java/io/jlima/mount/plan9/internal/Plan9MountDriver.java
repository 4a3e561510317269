// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Device;
import io.jlima.api.mount.MountDriver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/**
 * Shares directories by the Plan 9 file protocol, served by the hypervisor itself and mounted by the guest's kernel
 * while it boots. Read-only is enforced on the host.
 */
@Component(service = MountDriver.class, property = MountDriver.MOUNT_TYPE + "=9p")
public final class Plan9MountDriver implements MountDriver {
    /** The protocols that the guest's kernel knows, see Documentation/filesystems/9p in Linux. */
    private static final Set<String> VERSIONS = Set.of("9p2000", "9p2000.u", "9p2000.L");

    /** The words of the option cache, see get_cache_mode in fs/9p/v9fs.c of Linux; readahead came with 6.4. */
    private static final Set<String> CACHES = Set.of("none", "loose", "fscache", "mmap", "readahead");

    /** The bits behind those words, which Linux 6.4 and newer take as well: decimal, octal or hexadecimal. */
    private static final Pattern CACHE_NUMBER = Pattern.compile("0[xX][0-9a-fA-F]{1,8}|0[0-7]{0,8}|[1-9][0-9]{0,8}");

    private static final long MOST_CACHE = 0xff;

    /** The kernel refuses to mount with less, see net/9p/client.c in Linux. */
    private static final long LEAST_MSIZE = 4096;

    /** The option is a signed 32-bit number in the kernel. */
    private static final long MOST_MSIZE = Integer.MAX_VALUE;

    @Override
    public MountPlan plan(SetupRequest request, List<Mount> mounts) {
        return plan(mounts, request.hypervisor()::objection);
    }

    @Override
    public Attachment attach(Guest guest, List<Mount> mounts) {
        return new Plan9Mounts(guest, mounts);
    }

    /**
     * Linux (seen with 6.1) makes a new inode of a directory whenever nobody holds the old one, and a watch does not, so
     * watchers miss even what their own guest does. It also cuts times to seconds, so the file's own cannot be set again.
     */
    @Override
    public FileReplay replay(Mount mount) {
        return FileReplay.impossible(
                "with 9p the guest's kernel loses sight of what is watched; mountType reverse-sshfs"
                        + " can do it, and virtiofs in writable mounts");
    }

    /** @param objection what stands against a device, if anything does, ending in what would work */
    MountPlan plan(List<Mount> mounts, Function<Device, Optional<String>> objection) {
        List<Device> devices = new ArrayList<>();
        List<FstabEntry> fstab = new ArrayList<>();
        for (Mount mount : mounts) {
            check(mount);
            String tag = mount.tag();
            Device device = new Device.SharedDirectory(
                    tag,
                    Path.of(mount.location()),
                    !mount.writable(),
                    new Device.NineP(mount.nineP().securityModel()));
            objection.apply(device).ifPresent(words -> {
                throw refusal(mount, words, null);
            });
            devices.add(device);
            fstab.add(new FstabEntry(tag, mount.mountPoint(), "9p", options(mount)));
        }
        return new MountPlan(devices, fstab);
    }

    /** The guest goes on booting without a directory that cannot be mounted. */
    private static String options(Mount mount) {
        Mount.NineP nineP = mount.nineP();
        return "%s,trans=virtio,version=%s,msize=%d,cache=%s,nofail"
                .formatted(mount.writable() ? "rw" : "ro", nineP.protocolVersion(), nineP.msize(), nineP.cache());
    }

    private static void check(Mount mount) {
        Mount.NineP nineP = mount.nineP();
        if (!VERSIONS.contains(nineP.protocolVersion())) {
            throw refusal(
                    mount,
                    "9p.protocolVersion is " + nineP.protocolVersion(),
                    "Linux knows 9p2000, 9p2000.u and 9p2000.L");
        }
        if (nineP.msize() < LEAST_MSIZE || nineP.msize() > MOST_MSIZE) {
            throw refusal(
                    mount,
                    "9p.msize is " + nineP.msize() + " bytes",
                    "Linux takes 4KiB to 2GiB less one byte; 128KiB is usual");
        }
        if (!CACHES.contains(nineP.cache()) && !isCacheNumber(nineP.cache())) {
            throw refusal(
                    mount,
                    "9p.cache is \"" + nineP.cache() + "\"",
                    "Linux knows none, loose, fscache and mmap, and since 6.4 readahead and numbers up to 255");
        }
    }

    private static boolean isCacheNumber(String cache) {
        return CACHE_NUMBER.matcher(cache).matches() && Long.decode(cache) <= MOST_CACHE;
    }

    private static LimaException refusal(Mount mount, String evidence, @Nullable String remedy) {
        return new LimaException("The mount of " + mount.location() + " by 9p cannot work", evidence, remedy, null);
    }
}
