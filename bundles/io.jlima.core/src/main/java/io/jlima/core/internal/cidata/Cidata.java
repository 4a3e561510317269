// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Provision;
import io.jlima.api.guest.GuestSetup;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The configuration volume of an instance, {@code cidata.iso}, which tells the guest who it is and what to set up.
 *
 * <p>The instance id is made from the content, so a guest that starts again with nothing changed is the same instance
 * to cloud-init, which then has little to do. Thread-safe; two callers must not write to one directory at a time.
 */
public final class Cidata {
    /** Name of the volume's file in the instance's directory. */
    public static final String ISO = "cidata.iso";

    /** Name of the readable copy of the cloud-config in the instance's directory. */
    public static final String CLOUD_CONFIG = "cloud-config.yaml";

    /** cloud-init and the programs of the guest look for this label. */
    private static final String LABEL = "cidata";

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> READ_ONLY = PosixFilePermissions.fromString("r--r--r--");

    private final VolumeResources resources = new VolumeResources();
    private final GuestEnvironment environment;
    private final InstantSource clock;

    /** @param clock gives the time stamps in the volume; they are no part of what counts as a change */
    public Cidata(InstantSource clock) {
        this(clock, new GuestEnvironment());
    }

    Cidata(InstantSource clock, GuestEnvironment environment) {
        this.clock = clock;
        this.environment = environment;
    }

    /**
     * The outcome.
     *
     * @param iso the volume
     * @param instanceId what the guest writes to its marks in {@code /run} when it has got so far
     * @param rewritten whether the content differs from that of the last start
     */
    public record Volume(Path iso, String instanceId, boolean rewritten) {}

    /**
     * Brings {@code cidata.iso} and {@code cloud-config.yaml} in the directory up to date; files with the right content
     * are not touched. The volume holds the guest's private host key and is readable by its owner only.
     *
     * @throws LimaException when a certificate file cannot be read
     * @throws IOException when the files cannot be written; the old ones are then still in place
     */
    public Volume write(CidataRequest request, Path directory) throws IOException {
        List<String> certificates = certificates(request);
        SortedMap<String, VolumeFile> files = files(request, certificates);
        identify(files, request, "");
        String digest = digest(files);
        String instanceId = "iid-" + digest.substring(0, 16);
        identify(files, request, instanceId);

        Path iso = directory.resolve(ISO);
        boolean rewritten = !isCurrent(iso, digest);
        if (rewritten) {
            Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
            Iso9660 volume = new Iso9660(LABEL, digest, now);
            files.forEach((path, file) -> volume.file(path, file.mode(), file.content()));
            replace(iso, OWNER_ONLY, volume::write);
        } else {
            Files.setPosixFilePermissions(iso, OWNER_ONLY);
        }
        reference(directory.resolve(CLOUD_CONFIG), UserData.reference(request, resources, certificates));
        return new Volume(iso, instanceId, rewritten);
    }

    private record VolumeFile(int mode, byte[] content) {
        static VolumeFile data(String text) {
            return new VolumeFile(0600, text.getBytes(UTF_8));
        }

        static VolumeFile program(String text) {
            return new VolumeFile(0700, text.getBytes(UTF_8));
        }
    }

    private SortedMap<String, VolumeFile> files(CidataRequest request, List<String> certificates) {
        SortedMap<String, VolumeFile> files = new TreeMap<>();
        for (String path : resources.paths()) {
            files.put(path, VolumeFile.program(resources.program(path)));
        }
        files.put("user-data", VolumeFile.data(UserData.text(request, resources, certificates)));
        files.put("network-config", VolumeFile.data(GuestFiles.networkConfig(request)));
        files.put("param.env", VolumeFile.data(LimaEnv.parameters(request.config())));
        files.put("etc_environment", VolumeFile.data(environment.text(request)));
        for (Provision step : request.config().provision()) {
            // The host runs the steps of mode ansible.
            if (!step.mode().equals("ansible")) {
                String path = "provision." + step.mode() + "/" + LimaEnv.number(step);
                boolean text = step.mode().equals("data") || step.mode().equals("yq");
                files.put(path, text ? VolumeFile.data(step.script()) : VolumeFile.program(step.script()));
            }
        }
        guest(files, request, certificates);
        additions(files, request);
        return files;
    }

    /** What services add; none of it takes the place of a file of ours. */
    private static void additions(SortedMap<String, VolumeFile> files, CidataRequest request) {
        for (GuestSetup.VolumeFile file : request.additions().files()) {
            try (InputStream content = file.content().open()) {
                int mode = file.executable() ? 0755 : 0644;
                add(files, file.path(), new VolumeFile(mode, content.readAllBytes()));
            } catch (IOException e) {
                throw new LimaException(
                        "The file " + file.path() + " for the guest cannot be read",
                        e.toString(),
                        "Install jlima again",
                        e);
            }
        }
        for (GuestSetup.BootScript script : request.additions().scripts()) {
            String directory = script.inPlainMode() ? "boot.essential.Linux/" : "boot.Linux/";
            add(files, directory + script.name(), VolumeFile.program(script.text()));
        }
    }

    private static void add(SortedMap<String, VolumeFile> files, String path, VolumeFile file) {
        if (files.putIfAbsent(path, file) != null) {
            throw new LimaException(
                    "Two parts of jlima want to give the guest a file " + path,
                    "Remove the bundle that was installed last (limactl console)");
        }
    }

    /** What only the set-up program for images without cloud-init reads. */
    private static void guest(SortedMap<String, VolumeFile> files, CidataRequest request, List<String> certificates) {
        files.put("guest/hostname", VolumeFile.data(request.hostname() + "\n"));
        files.put("guest/timezone", VolumeFile.data(request.config().timezone() + "\n"));
        files.put("guest/nics", VolumeFile.data(GuestFiles.nics(request)));
        files.put("guest/resolv.conf", VolumeFile.data(GuestFiles.resolvConf(request)));
        files.put("guest/fstab", VolumeFile.data(GuestFiles.fstab(request.fstab())));
        files.put(
                "guest/authorized_keys",
                VolumeFile.data(String.join(
                        "",
                        request.authorizedKeys().stream().map(key -> key + "\n").toList())));
        files.put(
                "guest/ssh_host_ed25519_key", VolumeFile.data(request.hostKey().privateKey()));
        files.put(
                "guest/ssh_host_ed25519_key.pub",
                VolumeFile.data(request.hostKey().publicKey().strip() + "\n"));
        for (int i = 0; i < certificates.size(); i++) {
            files.put("guest/ca-certs/lima-%03d.crt".formatted(i), VolumeFile.data(certificates.get(i)));
        }
        if (request.config().caCerts().removeDefaults()) {
            files.put("guest/ca-certs/remove-defaults", VolumeFile.data(""));
        }
    }

    /** The two files that name the instance id, which is made from all content with no id in it. */
    private static void identify(SortedMap<String, VolumeFile> files, CidataRequest request, String instanceId) {
        files.put(
                "meta-data",
                VolumeFile.data("instance-id: " + instanceId + "\nlocal-hostname: " + request.hostname() + "\n"));
        files.put("lima.env", VolumeFile.data(LimaEnv.text(request, instanceId)));
    }

    private static String digest(SortedMap<String, VolumeFile> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Map.Entry<String, VolumeFile> file : files.entrySet()) {
                byte[] content = file.getValue().content();
                String head = file.getKey() + "\0" + file.getValue().mode() + "\0" + content.length + "\0";
                digest.update(head.getBytes(UTF_8));
                digest.update(content);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Whether the file is whole and carries this digest, which a volume of ours holds as its set identifier. */
    private static boolean isCurrent(Path iso, String digest) throws IOException {
        byte[] descriptor = new byte[Iso9660.SECTOR];
        long length;
        try (RandomAccessFile file = new RandomAccessFile(iso.toFile(), "r")) {
            length = file.length();
            if (length < (Iso9660.FIRST_DESCRIPTOR + 1L) * Iso9660.SECTOR) {
                return false;
            }
            file.seek((long) Iso9660.FIRST_DESCRIPTOR * Iso9660.SECTOR);
            file.readFully(descriptor);
        } catch (java.io.FileNotFoundException e) {
            return false;
        }
        long sectors = 0;
        for (int i = 3; i >= 0; i--) {
            sectors = sectors << 8 | descriptor[Iso9660.VOLUME_SIZE_AT + i] & 0xff;
        }
        String set = new String(descriptor, Iso9660.VOLUME_SET_AT, Iso9660.VOLUME_SET_LENGTH, ISO_8859_1);
        return length == sectors * Iso9660.SECTOR && set.strip().equals(digest);
    }

    private static List<String> certificates(CidataRequest request) {
        List<String> result = new ArrayList<>(request.config().caCerts().certs());
        for (String name : request.config().caCerts().files()) {
            try {
                result.add(Files.readString(request.caller().resolve(name)));
            } catch (IOException e) {
                throw new LimaException(
                        "The certificate file " + name + " of caCerts cannot be read",
                        e.toString(),
                        "Correct caCerts.files in lima.yaml.",
                        e);
            }
        }
        return result;
    }

    private static void reference(Path file, String text) throws IOException {
        try {
            if (Files.readString(file).equals(text)) {
                return;
            }
        } catch (NoSuchFileException e) {
            // The first start.
        }
        replace(file, READ_ONLY, out -> out.write(text.getBytes(UTF_8)));
    }

    @FunctionalInterface
    private interface Writing {
        void to(OutputStream out) throws IOException;
    }

    /** Writes beside the file and renames, so that a machine or a reader never sees half of it. */
    private static void replace(Path file, Set<PosixFilePermission> permissions, Writing writing) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        try {
            Files.createFile(temporary, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
                writing.to(out);
                out.flush();
                channel.force(true);
            }
            Files.setPosixFilePermissions(temporary, permissions);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
