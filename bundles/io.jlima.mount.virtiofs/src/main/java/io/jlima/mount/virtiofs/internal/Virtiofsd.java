// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The program of this host that serves a directory by virtio-fs. There are two of that name: the one in Rust, of the
 * virtio-fs project, and the older one in C, which came with QEMU until 7.2.
 *
 * @param help what it says about its options, which differ between versions as well
 */
record Virtiofsd(Path path, String help) {
    /** Names it, for people who have several. */
    static final String VARIABLE = "VIRTIOFSD";

    /** Where packages put it: nobody's PATH leads there. */
    private static final List<String> USUAL_PLACES =
            List.of("/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd");

    /** It prints its options in some milliseconds. */
    private static final int ANSWER_SECONDS = 20;

    /** Who runs it, and for whom. {@code uid} and {@code gid} are the host's, {@code guestUid} is the guest user's. */
    record User(long uid, long gid, long guestUid) {
        boolean isRoot() {
            return uid == 0;
        }
    }

    /**
     * The one to use.
     *
     * @throws LimaException when there is none, or it does not run
     */
    static Virtiofsd find(HostEnvironment caller) {
        Path path = Stream.concat(
                        caller.variable(VARIABLE).stream(),
                        caller.variable(VARIABLE).isPresent()
                                ? Stream.empty()
                                : Stream.concat(Stream.of("virtiofsd"), USUAL_PLACES.stream()))
                .map(caller::findProgram)
                .flatMap(Optional::stream)
                .findFirst()
                .orElseThrow(() -> new LimaException(
                        "Directories cannot be mounted by virtiofs: virtiofsd is not on this host",
                        "looked for " + caller.variable(VARIABLE).orElse("virtiofsd on PATH, " + USUAL_PLACES),
                        "Install it (package virtiofsd; on Debian 12 it is in qemu-system-common), or set mountType to"
                                + " 9p or reverse-sshfs",
                        null));
        return new Virtiofsd(path, helpOf(path, caller));
    }

    private static String helpOf(Path path, HostEnvironment caller) {
        try {
            Process process = caller.apply(new ProcessBuilder(path.toString(), "--help"))
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String help = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            return help;
        } catch (IOException e) {
            throw new LimaException(path + " does not run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("The look for virtiofsd was given up", e);
        }
    }

    /** Whether it is the one in Rust. */
    boolean isRust() {
        return help.contains("--shared-dir");
    }

    /** Names it, for people. */
    String word() {
        return isRust() ? "virtiofsd" : "virtiofsd of QEMU";
    }

    private boolean knows(String option) {
        return help.contains(option);
    }

    /**
     * What stands against it for this user and directory, or nothing.
     *
     * @param bindable whether this user can make a read-only view of a directory, see {@link #command}
     */
    Optional<LimaException> objection(User user, boolean writable, boolean bindable) {
        if (!user.isRoot() && !isRust()) {
            return Optional.of(new LimaException(
                    path + " serves directories for root only",
                    "it is the one of QEMU before 8.0, and you are user " + user.uid(),
                    "Install the virtiofsd of the virtio-fs project and let " + VARIABLE
                            + " point to it, or set mountType to 9p or reverse-sshfs",
                    null));
        }
        if (!user.isRoot() && !knows("--translate-uid")) {
            return Optional.of(new LimaException(
                    path + " is too old to serve directories for others than root",
                    "it does not know --translate-uid",
                    "Install virtiofsd 1.13 or newer, or set mountType to 9p or reverse-sshfs",
                    null));
        }
        if (!writable && !knows("--readonly") && !bindable) {
            return Optional.of(new LimaException(
                    path + " cannot keep a guest from writing",
                    "it has no --readonly, and nothing here can make a read-only view of the directory",
                    "Install virtiofsd 1.13 or newer, or set mountType to 9p or reverse-sshfs",
                    null));
        }
        return Optional.empty();
    }

    /**
     * The command that serves a directory until QEMU hangs up. The program keeps itself, and so the guest, within the
     * directory by namespaces of its own.
     *
     * <p>It makes no device files for a guest: on the host they would be what they say.
     *
     * <p>Where it cannot refuse to write, the kernel does so for it: it gets a mount namespace in which the directory
     * and all that is mounted below are read-only. The {@code ro} of the guest's mount is no guard; its root can take it
     * away.
     */
    List<String> command(Path socket, Path directory, boolean writable, User user) {
        List<String> words = new ArrayList<>();
        if (!writable && !knows("--readonly")) {
            words.addAll(List.of("unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec", READ_ONLY_VIEW));
            words.addAll(List.of("sh", directory.toString()));
        }
        words.add(path.toString());
        words.addAll(List.of("--socket-path=" + socket));
        words.addAll(isRust() ? rust(directory, writable, user) : c(directory));
        return words;
    }

    /** mountinfo writes blanks and backslashes as octal numbers, see proc_pid_mountinfo(5). */
    private static final String READ_ONLY_VIEW = """
            dir=$(cd -P -- "$1" && pwd -P && echo .); dir=${dir%??}; shift
            mount --rbind -- "$dir" "$dir"
            sed 's/\\\\/\\\\0/g' /proc/self/mountinfo | while IFS=' ' read -r a b c d place rest; do
                place=$(printf '%b.' "$place"); place=${place%.}
                case $place/ in
                "${dir%/}"/*) mount -o remount,bind,ro -- "$place" ;;
                esac
            done
            exec "$@\"""";

    private List<String> rust(Path directory, boolean writable, User user) {
        List<String> words =
                new ArrayList<>(List.of("--shared-dir=" + directory, "--cache=auto", "--sandbox=namespace"));
        if (!writable && knows("--readonly")) {
            words.add("--readonly");
        }
        if (user.isRoot()) {
            words.add("--modcaps=-mknod");
        } else {
            // In its user namespace, root is this user. The guest's user is the same person; its root gets no further.
            words.add("--translate-uid=map:" + user.guestUid() + ":0:1");
            words.add("--translate-gid=map:" + user.guestUid() + ":0:1");
        }
        return words;
    }

    /** A comma separates options here; a backslash keeps it, see fuse_opt.h. */
    private static List<String> c(Path directory) {
        String source = directory.toString().replace("\\", "\\\\").replace(",", "\\,");
        return List.of(
                "-f", "-o", "source=" + source, "-o", "cache=auto", "-o", "announce_submounts", "-o", "modcaps=-mknod");
    }

    /** The user that this process runs as. */
    static User user(long guestUid) {
        try {
            Path self = Path.of("/proc/self");
            return new User(
                    ((Number) Files.getAttribute(self, "unix:uid")).longValue(),
                    ((Number) Files.getAttribute(self, "unix:gid")).longValue(),
                    guestUid);
        } catch (IOException e) {
            throw new LimaException("cannot tell which user this is", e);
        }
    }
}
