// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.AdditionalDisk;
import io.jlima.api.config.InstanceConfig.Audio;
import io.jlima.api.config.InstanceConfig.CaCerts;
import io.jlima.api.config.InstanceConfig.Containerd;
import io.jlima.api.config.InstanceConfig.CopyToHost;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.config.InstanceConfig.Firmware;
import io.jlima.api.config.InstanceConfig.FirmwareImage;
import io.jlima.api.config.InstanceConfig.HostResolver;
import io.jlima.api.config.InstanceConfig.Image;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.config.InstanceConfig.NetworkEntry;
import io.jlima.api.config.InstanceConfig.PortForward;
import io.jlima.api.config.InstanceConfig.Probe;
import io.jlima.api.config.InstanceConfig.Provision;
import io.jlima.api.config.InstanceConfig.Ssh;
import io.jlima.api.config.InstanceConfig.User;
import io.jlima.api.config.InstanceConfig.Video;
import io.jlima.config.internal.yaml.Mapping;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** From the filled and validated tree to the model. Nothing is decided here. */
final class ConfigDecoder {
    private final Mapping document;
    private final Vintage vintage;

    private ConfigDecoder(Mapping document, Vintage vintage) {
        this.document = document;
        this.vintage = vintage;
    }

    /** @param vintage what the drivers are where the document leaves the choice open */
    static InstanceConfig decode(Mapping document, Vintage vintage) {
        return new ConfigDecoder(document, vintage).config();
    }

    private InstanceConfig config() {
        Mapping ssh = document.section("ssh");
        Mapping firmware = document.section("firmware");
        Mapping audio = document.section("audio");
        Mapping video = document.section("video");
        Mapping containerd = document.section("containerd");
        Mapping resolver = document.section("hostResolver");
        Mapping certificates = document.section("caCerts");
        Mapping user = document.section("user");
        return new InstanceConfig(
                document.has("vmType") ? document.text("vmType") : vintage.vmType(),
                options("vmOpts"),
                document.filledText("os"),
                arch(document),
                each("images", ConfigDecoder::image),
                document.integer("cpus"),
                size(document, "memory"),
                size(document, "disk"),
                each(
                        "additionalDisks",
                        d -> new AdditionalDisk(
                                d.filledText("name"), d.flag("format"), d.filledText("fsType"), d.texts("fsArgs"))),
                each("mounts", ConfigDecoder::mount),
                document.has("mountType") ? document.text("mountType") : vintage.mountType(document),
                document.texts("mountTypesUnsupported").stream().distinct().toList(),
                document.flag("mountInotify"),
                new Ssh(
                        ssh.integer("localPort"),
                        ssh.flag("loadDotSSHPubKeys"),
                        ssh.flag("forwardAgent"),
                        ssh.flag("forwardX11"),
                        ssh.flag("forwardX11Trusted"),
                        ssh.has("overVsock") ? ssh.flag("overVsock") : null),
                new Firmware(
                        firmware.flag("legacyBIOS"),
                        firmware.mappings("images").stream()
                                .map(image -> new FirmwareImage(file(image), filledOrNull(image, "vmType")))
                                .toList()),
                new Audio(audio.filledText("device"), audio.filledText("interface")),
                new Video(video.filledText("display"), video.section("vnc").text("display")),
                provision(),
                document.flag("upgradePackages"),
                new Containerd(containerd.flag("system"), containerd.flag("user"), files(containerd, "archives")),
                document.filledText("guestInstallPrefix"),
                each(
                        "probes",
                        p -> new Probe(p.filledText("description"), p.filledText("script"), p.filledText("hint"))),
                each("portForwards", ConfigDecoder::portForward),
                each(
                        "copyToHost",
                        c -> new CopyToHost(
                                c.filledText("guest"),
                                c.filledText("host"),
                                c.flag("skipIfMissing"),
                                c.flag("deleteOnStop"))),
                document.filledText("message"),
                each(
                        "networks",
                        n -> new NetworkEntry(
                                n.text("lima"),
                                n.text("socket"),
                                n.flag("vzNAT"),
                                n.filledText("macAddress"),
                                n.filledText("interface"),
                                n.integer("metric"))),
                texts(document, "env"),
                texts(document, "param"),
                document.texts("dns"),
                new HostResolver(resolver.flag("enabled"), resolver.flag("ipv6"), texts(resolver, "hosts")),
                document.flag("propagateProxyEnv"),
                new CaCerts(
                        certificates.flag("removeDefaults"), certificates.texts("files"), certificates.texts("certs")),
                document.flag("plain"),
                document.filledText("timezone"),
                document.flag("nestedVirtualization"),
                new User(
                        user.filledText("name"),
                        user.filledText("comment"),
                        user.number("uid"),
                        user.filledText("home"),
                        user.filledText("shell"),
                        user.flag("passwordlessSudo")),
                document.flag("tpm"),
                options("osOpts"));
    }

    private Map<String, Map<String, Object>> options(String key) {
        Map<String, Map<String, Object>> options = new LinkedHashMap<>();
        document.section(key).entries().forEach((type, value) -> {
            if (value instanceof Mapping mapping) {
                options.put(type, PlainTree.of(mapping));
            }
        });
        return Collections.unmodifiableMap(options);
    }

    private <T> List<T> each(String key, Function<Mapping, T> decode) {
        return document.mappings(key).stream().map(decode).toList();
    }

    private static Image image(Mapping image) {
        Mapping kernel = image.get("kernel") instanceof Mapping k ? k : null;
        Mapping initrd = image.get("initrd") instanceof Mapping i ? i : null;
        String cmdline = kernel == null ? null : kernel.text("cmdline");
        return new Image(
                file(image),
                kernel == null ? null : file(kernel),
                cmdline == null ? "" : cmdline,
                initrd == null ? null : file(initrd),
                filledOrNull(image, "variant"),
                filledOrNull(image, "archVariant"));
    }

    private static Mount mount(Mapping mount) {
        Mapping sshfs = mount.section("sshfs");
        Mapping nineP = mount.section("9p");
        Mapping virtiofs = mount.get("virtiofs") instanceof Mapping v ? v : new Mapping();
        return new Mount(
                mount.filledText("location"),
                mount.filledText("mountPoint"),
                mount.flag("writable"),
                new Mount.Sshfs(sshfs.flag("cache"), sshfs.flag("followSymlinks"), sshfs.filledText("sftpDriver")),
                new Mount.NineP(
                        nineP.filledText("securityModel"),
                        nineP.filledText("protocolVersion"),
                        size(nineP, "msize"),
                        nineP.filledText("cache")),
                virtiofs.has("queueSize") ? virtiofs.integer("queueSize") : null);
    }

    private List<Provision> provision() {
        List<Mapping> steps = document.mappings("provision");
        List<Provision> result = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            Mapping step = steps.get(i);
            String mode = step.filledText("mode");
            String text = switch (mode) {
                case "data" -> step.text("content");
                case "yq" -> step.text("expression");
                default -> step.text("script");
            };
            result.add(new Provision(
                    i,
                    mode,
                    text == null ? "" : text,
                    step.flag("skipDefaultDependencyResolution"),
                    mode.equals("ansible") ? step.text("playbook") : step.text("path"),
                    step.flag("overwrite"),
                    orEmpty(step.text("owner")),
                    orEmpty(step.text("permissions")),
                    orEmpty(step.text("format"))));
        }
        return Collections.unmodifiableList(result);
    }

    private static PortForward portForward(Mapping rule) {
        return new PortForward(
                rule.filledText("guestIP"),
                rule.flag("guestIPMustBeZero"),
                (int) ListDefaults.end(rule, "guestPortRange", 0),
                (int) ListDefaults.end(rule, "guestPortRange", 1),
                rule.text("guestSocket"),
                rule.filledText("hostIP"),
                (int) ListDefaults.end(rule, "hostPortRange", 0),
                (int) ListDefaults.end(rule, "hostPortRange", 1),
                rule.text("hostSocket"),
                rule.filledText("proto"),
                rule.flag("reverse"),
                rule.flag("ignore"),
                rule.flag("static"));
    }

    private static List<FileRef> files(Mapping section, String key) {
        return section.mappings(key).stream().map(ConfigDecoder::file).toList();
    }

    private static FileRef file(Mapping file) {
        return new FileRef(file.filledText("location"), arch(file), filledOrNull(file, "digest"));
    }

    private static Arch arch(Mapping section) {
        return Arch.of(section.filledText("arch")).orElseThrow();
    }

    private static long size(Mapping section, String key) {
        return Size.bytes(section.filledText(key)).orElseThrow();
    }

    private static Map<String, String> texts(Mapping section, String key) {
        return Collections.unmodifiableMap(section.textMap(key));
    }

    private static @Nullable String filledOrNull(Mapping section, String key) {
        String text = section.text(key);
        return text == null || text.isEmpty() ? null : text;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
