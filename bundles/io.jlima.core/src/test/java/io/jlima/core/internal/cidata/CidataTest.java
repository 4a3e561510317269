// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.CaCerts;
import io.jlima.api.mount.MountDriver.FstabEntry;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnector.HostKey;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidataTest extends CidataVolume {
    static void small(Fixture fixture) {
        fixture.image = "debian:bookworm";
    }

    static void full(Fixture fixture) {
        fixture.instance = "my.vm_2";
        fixture.disks = List.of(
                new InstanceConfig.AdditionalDisk("data", true, "ext4", List.of("-m", "0")),
                new InstanceConfig.AdditionalDisk("raw", false, "xfs", List.of()));
        fixture.mounts = List.of(Fixture.mount("/home/jane", "/home/jane"), Fixture.mount("/srv/a b", "/mnt/a b"));
        fixture.fstab = List.of(
                new FstabEntry("mount0", "/home/jane", "9p", "ro,trans=virtio,version=9p2000.L,nofail"),
                new FstabEntry("mount1", "/mnt/a b", "9p", "rw,nofail"));
        fixture.mountType = "9p";
        fixture.provision = List.of(
                Fixture.step(0, "system", "#!/bin/bash\necho system\n"),
                Fixture.step(1, "boot", "echo \"$PARAM_greeting\"\n"),
                Fixture.file(2, "data", "/etc/my.conf", "a=b\n", false),
                Fixture.file(3, "yq", "/etc/my.yaml", ".a = 1", true),
                Fixture.step(4, "ansible", "playbook"),
                new InstanceConfig.Provision(
                        5, "dependency", "#!/bin/sh\ntrue\n", true, null, true, "root:root", "644", "auto"),
                Fixture.step(6, "user", "#!/bin/sh\necho user\n"));
        fixture.upgrade = true;
        fixture.containerd = true;
        fixture.env = Map.of("GREETING", "hello world");
        fixture.param = Map.of("greeting", "it's", "internal_netplanOptional", "true");
        fixture.dns = List.of("1.1.1.1", "2606:4700::1111");
        fixture.caCerts =
                new CaCerts(true, List.of(), List.of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
        fixture.timezone = "Europe/Berlin";
        fixture.user = new InstanceConfig.User("jane", "Jane: \"D\"", 501, "/home/jane.linux", "/bin/zsh", false);
        fixture.nics = List.of(
                new CidataRequest.Nic("eth0", "52:55:55:aa:bb:01", 200, true),
                new CidataRequest.Nic("lima1", "52:55:55:aa:bb:02", 100, false));
        fixture.variables = Map.of("http_proxy", "http://localhost:3128");
    }

    static void plain(Fixture fixture) {
        fixture.plain = true;
        fixture.addresses = Optional.empty();
        fixture.nics = List.of();
        fixture.user = new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/bash", true);
    }

    static Stream<Arguments> configurations() {
        return Stream.of(
                configuration("small", CidataTest::small),
                configuration("full", CidataTest::full),
                configuration("plain", CidataTest::plain));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configurations")
    void generatedFilesAreThoseOnRecord(String name, Consumer<Fixture> change) throws Exception {
        change.accept(fixture);
        Path volume = extracted(cidata.write(fixture.request(), directory));

        for (String file : List.of(
                "user-data",
                "meta-data",
                "network-config",
                "lima.env",
                "param.env",
                "etc_environment",
                "guest/nics",
                "guest/fstab",
                "guest/resolv.conf")) {
            String text = Files.readString(volume.resolve(file)).replaceAll("iid-[0-9a-f]{16}", "iid-MASKED");
            Golden.check("cidata/" + name + "/" + file.replace('/', '-'), text);
        }
        Golden.check("cidata/" + name + "/cloud-config.yaml", Files.readString(directory.resolve("cloud-config.yaml")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("configurations")
    void generatedYamlIsYaml(String name, Consumer<Fixture> change) throws Exception {
        change.accept(fixture);
        Path volume = extracted(cidata.write(fixture.request(), directory));

        Map<String, Object> userData = yaml(volume.resolve("user-data"));
        assertThat(userData).containsKeys("growpart", "users", "write_files", "ssh_keys");
        assertThat(userData.get("ssh_keys"))
                .isEqualTo(Map.of(
                        "ed25519_private",
                        Fixture.PRIVATE_KEY,
                        "ed25519_public",
                        "ssh-ed25519 AAAAC3Host lima-default"));
        assertThat(yaml(volume.resolve("network-config"))).containsEntry("version", 2);
        assertThat(yaml(volume.resolve("meta-data"))).containsOnlyKeys("instance-id", "local-hostname");
        assertThat(yaml(directory.resolve("cloud-config.yaml")))
                .doesNotContainKey("ssh_keys")
                .containsKey("users");
    }

    @Test
    void provisioningStepsLieUnderTheirModesAndNumbers() throws Exception {
        full(fixture);
        Path volume = extracted(cidata.write(fixture.request(), directory));

        assertThat(volume.resolve("provision.system/00000000")).hasContent("#!/bin/bash\necho system\n");
        assertThat(volume.resolve("provision.data/00000002")).hasContent("a=b\n");
        assertThat(volume.resolve("provision.yq/00000003")).hasContent(".a = 1");
        assertThat(volume.resolve("provision.dependency/00000005")).isExecutable();
        assertThat(volume.resolve("provision.user/00000006")).isExecutable();
        assertThat(volume.resolve("provision.ansible")).doesNotExist();
        assertThat(volume.resolve("boot.sh")).isExecutable();
        assertThat(volume.resolve("guest/ssh_host_ed25519_key")).hasContent(Fixture.PRIVATE_KEY);
    }

    @Test
    void isWrittenOnceAndRewrittenOnlyWhenContentChanges() throws Exception {
        Cidata.Volume first = cidata.write(fixture.request(), directory);
        FileTime longAgo = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
        Files.setLastModifiedTime(first.iso(), longAgo);
        Files.setLastModifiedTime(directory.resolve(Cidata.CLOUD_CONFIG), longAgo);

        Cidata later = new Cidata(InstantSource.fixed(Instant.parse("2027-01-01T00:00:00Z")), new GuestEnvironment());
        Cidata.Volume second = later.write(fixture.request(), directory);

        assertThat(first.rewritten()).isTrue();
        assertThat(first.instanceId()).matches("iid-[0-9a-f]{16}");
        assertThat(second).isEqualTo(new Cidata.Volume(first.iso(), first.instanceId(), false));
        assertThat(Files.getLastModifiedTime(first.iso())).isEqualTo(longAgo);
        assertThat(Files.getLastModifiedTime(directory.resolve(Cidata.CLOUD_CONFIG)))
                .isEqualTo(longAgo);

        fixture.hostKey = new HostKey(Fixture.PRIVATE_KEY, "ssh-ed25519 AAAAOther x");
        Cidata.Volume third = cidata.write(fixture.request(), directory);

        assertThat(third.rewritten()).isTrue();
        assertThat(third.instanceId()).isNotEqualTo(first.instanceId());
        assertThat(Files.readString(extracted(third).resolve("lima.env")))
                .contains("LIMA_CIDATA_IID=" + third.instanceId() + "\n");
        assertThat(Files.readString(directory.resolve("extracted/meta-data")))
                .startsWith("instance-id: " + third.instanceId() + "\n");
    }

    static Stream<Arguments> changes() {
        return Stream.of(
                configuration("instance", f -> f.instance = "other"),
                configuration("keys", f -> f.keys = List.of("ssh-rsa AAAA x")),
                configuration("provision", f -> f.provision = List.of(Fixture.step(0, "system", "true"))),
                configuration("param", f -> f.param = Map.of("a", "b")),
                configuration("env", f -> f.env = Map.of("A", "b")),
                configuration("addresses", f -> f.addresses = Optional.of(new Addresses("1.1.1.2", "1.1.1.1", ""))),
                configuration("timezone", f -> f.timezone = "UTC"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void everyChangeMakesAnotherInstanceId(String name, Consumer<Fixture> change) throws Exception {
        String before = cidata.write(fixture.request(), directory).instanceId();
        change.accept(fixture);
        Cidata.Volume changed = cidata.write(fixture.request(), directory);

        assertThat(changed.rewritten()).isTrue();
        assertThat(changed.instanceId()).isNotEqualTo(before);
    }

    @Test
    void onlyTheOwnerReadsTheVolumeAndNobodyWritesTheCopy() throws Exception {
        Cidata.Volume volume = cidata.write(fixture.request(), directory);

        assertThat(mode(volume.iso())).isEqualTo("rw-------");
        assertThat(mode(directory.resolve(Cidata.CLOUD_CONFIG))).isEqualTo("r--r--r--");

        Files.setPosixFilePermissions(volume.iso(), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(cidata.write(fixture.request(), directory).rewritten()).isFalse();
        assertThat(mode(volume.iso())).isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder(Cidata.ISO, Cidata.CLOUD_CONFIG);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1000, 40_000})
    void aTruncatedVolumeIsWrittenAnew(long length) throws Exception {
        Cidata.Volume volume = cidata.write(fixture.request(), directory);
        byte[] whole = Files.readAllBytes(volume.iso());
        try (RandomAccessFile file = new RandomAccessFile(volume.iso().toFile(), "rw")) {
            file.setLength(length);
        }

        assertThat(cidata.write(fixture.request(), directory).rewritten()).isTrue();
        assertThat(Files.readAllBytes(volume.iso())).isEqualTo(whole);
    }

    @Test
    void theReadableCopyHoldsNoSecrets() throws Exception {
        fixture.param = Map.of("token", "s3cr3t-value");
        fixture.provision = List.of(Fixture.step(0, "boot", "echo boot\n"));
        cidata.write(fixture.request(), directory);

        assertThat(Files.readString(directory.resolve(Cidata.CLOUD_CONFIG)))
                .contains("echo boot")
                .doesNotContain("s3cr3t-value", "PRIVATE KEY");
    }

    @Test
    void certificatesAreReadFromFilesToo() throws Exception {
        Path pem = Files.writeString(directory.resolve("ca.pem"), "-----BEGIN CERTIFICATE-----\nX\n");
        fixture.caCerts = new CaCerts(false, List.of(pem.toString()), List.of());

        Path volume = extracted(cidata.write(fixture.request(), directory));

        assertThat(yaml(volume.resolve("user-data")))
                .containsEntry("ca_certs", Map.of("remove_defaults", false, "trusted", List.of(Files.readString(pem))));
        assertThat(volume.resolve("guest/ca-certs/lima-000.crt")).hasSameTextualContentAs(pem);

        fixture.caCerts = new CaCerts(false, List.of("/nowhere/ca.pem"), List.of());
        assertThatExceptionOfType(LimaException.class)
                .isThrownBy(() -> cidata.write(fixture.request(), directory))
                .withMessageContaining("/nowhere/ca.pem")
                .withMessageContaining("caCerts.files");
    }

    @Test
    void aLiveImageGetsNoBlanksInTheComment() throws Exception {
        fixture.image =
                "https://github.com/lima-vm/alpine-lima/releases/download/v0.2.18/alpine-lima-std-3.16.0-x86_64.iso";
        Path volume = extracted(cidata.write(fixture.request(), directory));

        assertThat(Files.readString(volume.resolve("lima.env"))).contains("LIMA_CIDATA_COMMENT=\n");
        assertThat(Program.run(Map.of(), "sh", "-euc", ". " + volume.resolve("lima.env") + "; echo $LIMA_CIDATA_USER")
                        .output())
                .isEqualTo("jane\n");
    }

    /** lima-init finds keys and mounts by lines; this is what its patterns see. */
    @Test
    void lineReadersFindKeysAndMounts() throws Exception {
        full(fixture);
        fixture.image = "/images/alpine-lima-std-3.19.0-x86_64.iso";
        fixture.keys = List.of("ssh-ed25519 AAAA one", "ssh-rsa BBBB two");
        List<String> lines = Files.readAllLines(
                extracted(cidata.write(fixture.request(), directory)).resolve("user-data"), UTF_8);

        assertThat(section(lines, "    ssh-authorized-keys:"))
                .containsExactly("      - \"ssh-ed25519 AAAA one\"", "      - \"ssh-rsa BBBB two\"");
        assertThat(section(lines, "mounts:"))
                .containsExactly(
                        "- [mount0, /home/jane, \"9p\", \"ro,trans=virtio,version=9p2000.L,nofail\", \"0\", \"0\"]");
        assertThat(section(lines, "  nameservers:")).containsExactly("  - 1.1.1.1", "  - 2606:4700::1111");
        assertThat(lines).contains("timezone: Europe/Berlin", "ca_certs:", "  trusted:", "  remove_defaults: true");
        assertThat(lines.stream().filter(l -> l.contains("ssh-authorized-keys")))
                .hasSize(1);
    }

    @Test
    void disksAreNamedAsTheKernelCountsThem() {
        assertThat(Stream.of(1, 25, 26, 27, 701, 702).map(LimaEnv::device))
                .containsExactly("vdb", "vdz", "vdaa", "vdab", "vdzz", "vdaaa");
    }

    private static List<String> section(List<String> lines, String head) {
        int at = lines.indexOf(head);
        assertThat(at).as(head).isNotNegative();
        return lines.subList(at + 1, lines.size()).stream()
                .takeWhile(line -> !line.isBlank())
                .toList();
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
