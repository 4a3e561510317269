// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.mount.MountDriver;
import io.jlima.mount.sshfs.internal.sftp.BuiltinServer;
import io.jlima.mount.sshfs.internal.sftp.OpensshServer;
import io.jlima.mount.sshfs.internal.sftp.ReplaySign;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.osgi.service.component.annotations.Component;

/**
 * Shows directories by sshfs, which runs in the guest and is served by an SFTP server on the host. The guest needs no
 * kernel module but fuse, and the machine no device, so directories come and go while it runs.
 */
@Component(service = MountDriver.class, property = MountDriver.MOUNT_TYPE + "=reverse-sshfs")
public final class SshfsMountDriver implements MountDriver {
    @Override
    public MountPlan plan(SetupRequest request, List<Mount> mounts) {
        for (Mount mount : mounts) {
            check(mount);
            server(mount, mounts, request.config().user().uid(), request.caller());
        }
        return new MountPlan(List.of(), List.of());
    }

    @Override
    public Attachment attach(Guest guest, List<Mount> mounts) {
        return new GuestMounts(guest, mounts, (mount, all) -> {
            check(mount);
            return server(mount, all, guest.config().user().uid(), guest.caller());
        });
    }

    @Override
    public FileReplay replay(Mount mount) {
        return isBuiltin(mount)
                ? FileReplay.bySign(ReplaySign.time())
                : FileReplay.impossible("OpenSSH's sftp-server knows times by the second only; sshfs.sftpDriver "
                        + BuiltinServer.WORD + " can do it");
    }

    private static boolean isBuiltin(Mount mount) {
        String wanted = mount.sshfs().sftpDriver();
        return (wanted.isEmpty() || wanted.equals(BuiltinServer.WORD)) && BuiltinServer.isPossible();
    }

    private static void check(Mount mount) {
        Path location = Path.of(mount.location());
        if (Files.exists(location) && !Files.isDirectory(location)) {
            throw refusal(mount, location + " is not a directory", "Name a directory");
        }
    }

    /**
     * The server for a mount, one of several. Without a word of the user it is the one in this process, because nothing keeps
     * OpenSSH's within the directory.
     */
    static SftpServer server(Mount mount, Collection<Mount> mounts, long guestUid, HostEnvironment caller) {
        String wanted = mount.sshfs().sftpDriver();
        boolean builtin = BuiltinServer.isPossible();
        return switch (wanted) {
            case "" -> builtin ? builtin(mount, mounts, guestUid) : openssh(mount, caller);
            case BuiltinServer.WORD -> {
                if (!builtin) {
                    throw refusal(
                            mount,
                            "sshfs.sftpDriver is builtin, which needs Linux 5.6 or newer on this host",
                            "Set sshfs.sftpDriver to " + OpensshServer.WORD);
                }
                yield builtin(mount, mounts, guestUid);
            }
            case OpensshServer.WORD -> openssh(mount, caller);
            default ->
                throw refusal(
                        mount,
                        "sshfs.sftpDriver is \"" + wanted + "\"",
                        "It can be " + BuiltinServer.WORD + " or " + OpensshServer.WORD);
        };
    }

    private static SftpServer builtin(Mount mount, Collection<Mount> mounts, long guestUid) {
        return new BuiltinServer(
                mount.location(),
                HostDirectory.of(mount, mounts),
                mount.writable(),
                mount.sshfs().followSymlinks(),
                guestUid);
    }

    private static SftpServer openssh(Mount mount, HostEnvironment caller) {
        Path program = OpensshServer.find(caller)
                .orElseThrow(() -> refusal(
                        mount,
                        "OpenSSH's sftp-server is not on this host",
                        "Install it (openssh-sftp-server on Debian), or set sshfs.sftpDriver to "
                                + BuiltinServer.WORD));
        return new OpensshServer(program, mount.location(), mount.writable(), caller);
    }

    private static LimaException refusal(Mount mount, String evidence, String remedy) {
        return new LimaException(
                "The mount of " + mount.location() + " by reverse-sshfs cannot work", evidence, remedy, null);
    }
}
