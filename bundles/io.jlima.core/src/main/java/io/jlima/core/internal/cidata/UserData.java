// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Provision;
import io.jlima.api.mount.MountDriver.FstabEntry;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The cloud-config for cloud-init.
 *
 * <p>lima-init, the first-boot program of alpine-lima, reads the same file line by line without knowing YAML. For its
 * sake top-level keys stand in column 0, keys and mounts are one per line and end with an empty line, and no comment
 * says any of these words. It also wants hyphens in {@code ssh-authorized-keys}, which cloud-init takes as well but
 * calls an error of form, so they are only for the live images that lima-init is on.
 */
final class UserData {
    /** What may stand in fstab without being escaped there; cloud-init escapes nothing. */
    private static final Pattern FSTAB_WORD = Pattern.compile("[^\\s\\\\#]+");

    private final CidataRequest request;
    private final InstanceConfig config;
    private final VolumeResources resources;
    private final List<String> certificates;
    private final boolean secrets;
    private final StringBuilder text = new StringBuilder("#cloud-config\n");

    private UserData(CidataRequest request, VolumeResources resources, List<String> certificates, boolean secrets) {
        this.request = request;
        this.config = request.config();
        this.resources = resources;
        this.certificates = certificates;
        this.secrets = secrets;
    }

    /**
     * Content of {@code user-data}.
     *
     * @param certificates PEM texts that the guest is to trust
     */
    static String text(CidataRequest request, VolumeResources resources, List<String> certificates) {
        return new UserData(request, resources, certificates, true).sections();
    }

    /** The same without the host key and the parameters, for people to read on the host. */
    static String reference(CidataRequest request, VolumeResources resources, List<String> certificates) {
        return new UserData(request, resources, certificates, false).sections();
    }

    private String sections() {
        if (!secrets) {
            line("# A copy to look at: the host key and the values of parameters are left out, and nothing reads it.");
        }
        line("growpart:");
        line("  mode: auto");
        line("  devices: [\"/\"]");
        if (config.upgradePackages()) {
            line("package_update: true");
            line("package_upgrade: true");
            line("package_reboot_if_required: true");
        }
        mounts();
        if (!config.timezone().isEmpty()) {
            line("timezone: " + Yaml.scalar(config.timezone()));
        }
        // cloud-init's locale module fails on images without the locales package, as those that jlima builds are.
        if (config.images().stream().anyMatch(i -> i.file().location().startsWith("debian:"))) {
            line("locale: C.UTF-8");
        }
        user();
        hostKey();
        starter();
        nameservers();
        certificates();
        bootCommands();
        return text.toString();
    }

    private void mounts() {
        List<FstabEntry> entries =
                request.fstab().stream().filter(UserData::fitsFstab).toList();
        if (entries.isEmpty()) {
            return;
        }
        line("mounts:");
        for (FstabEntry e : entries) {
            line("- [" + Yaml.scalar(e.source()) + ", " + Yaml.scalar(e.mountPoint()) + ", " + Yaml.scalar(e.type())
                    + ", " + Yaml.quoted(e.options()) + ", \"0\", \"0\"]");
        }
        line("");
    }

    /** Others are left to the boot script that mounts whatever is missing. */
    private static boolean fitsFstab(FstabEntry entry) {
        return FSTAB_WORD.matcher(entry.source()).matches()
                && FSTAB_WORD.matcher(entry.mountPoint()).matches()
                && FSTAB_WORD.matcher(entry.options()).matches();
    }

    private void user() {
        InstanceConfig.User user = config.user();
        line("users:");
        line("  - name: " + Yaml.quoted(user.name()));
        line("    uid: " + user.uid());
        if (!request.comment().isEmpty()) {
            line("    gecos: " + Yaml.quoted(request.comment()));
        }
        line("    homedir: " + Yaml.quoted(user.home()));
        line("    shell: " + Yaml.quoted(user.shell()));
        line("    sudo: " + Yaml.quoted(user.passwordlessSudo() ? "ALL=(ALL) NOPASSWD:ALL" : "ALL=(ALL) ALL"));
        line("    lock_passwd: " + user.passwordlessSudo());
        line(request.liveImage() ? "    ssh-authorized-keys:" : "    ssh_authorized_keys:");
        request.authorizedKeys().forEach(key -> line("      - " + Yaml.quoted(key)));
        line("");
    }

    /** With {@code ssh_keys} given, cloud-init makes none; the image's own are deleted when the instance is new. */
    private void hostKey() {
        if (secrets) {
            line("ssh_deletekeys: true");
            line("ssh_genkeytypes: [ed25519]");
            line("ssh_keys:");
            line("  ed25519_private: " + Yaml.block(request.hostKey().privateKey(), 4));
            line("  ed25519_public: "
                    + Yaml.quoted(request.hostKey().publicKey().strip()));
        }
    }

    private void starter() {
        line("write_files:");
        line("  - path: /var/lib/cloud/scripts/per-boot/00-lima.boot.sh");
        line("    owner: root:root");
        line("    permissions: \"0755\"");
        line("    content: " + Yaml.block(resources.text("cloud-init/00-lima.boot.sh"), 6));
    }

    private void nameservers() {
        if (!request.nameservers().isEmpty()) {
            line("manage_resolv_conf: true");
            line("resolv_conf:");
            line("  nameservers:");
            request.nameservers().forEach(address -> line("  - " + address));
            line("");
        }
    }

    private void certificates() {
        if (config.caCerts().removeDefaults() || !certificates.isEmpty()) {
            line("ca_certs:");
            line("  remove_defaults: " + config.caCerts().removeDefaults());
            if (!certificates.isEmpty()) {
                line("  trusted:");
                certificates.forEach(pem -> line("  - " + Yaml.block(pem, 4)));
            }
        }
    }

    /** Each command is a list, because cloud-init joins plain texts to one script where one could end them all. */
    private void bootCommands() {
        List<Provision> scripts = config.provision().stream()
                .filter(step -> step.mode().equals("boot"))
                .toList();
        if (request.nics().isEmpty() && scripts.isEmpty()) {
            return;
        }
        line("bootcmd:");
        if (!request.nics().isEmpty()) {
            line("- - sh");
            line("  - -c");
            line("  - " + Yaml.block(resources.text("volume/guest/nic-names.sh"), 4));
            line("  - nic-names");
            for (CidataRequest.Nic nic : request.nics()) {
                line("  - " + Yaml.quoted(GuestFiles.nameAndMac(nic)));
            }
        }
        for (Provision script : scripts) {
            line("- - sh");
            line("  - -c");
            line("  - " + Yaml.block(parameters() + script.script(), 4));
        }
    }

    private String parameters() {
        StringBuilder exports = new StringBuilder();
        if (secrets) {
            config.param().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(e -> exports.append("export PARAM_")
                            .append(e.getKey())
                            .append("='")
                            .append(e.getValue().replace("'", "'\\''"))
                            .append("'\n"));
        }
        return exports.toString();
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
