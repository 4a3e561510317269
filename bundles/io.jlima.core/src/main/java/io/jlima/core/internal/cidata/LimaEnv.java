// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.AdditionalDisk;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.config.InstanceConfig.Provision;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files {@code lima.env} and {@code param.env}: lines of {@code NAME=value} without any quoting, as the programs in
 * the guest expect them.
 */
final class LimaEnv {
    private final StringBuilder text = new StringBuilder();

    private LimaEnv() {}

    /** Content of {@code lima.env}. */
    static String text(CidataRequest request, String instanceId) {
        LimaEnv env = new LimaEnv();
        env.identity(request, instanceId);
        env.mounts(request);
        env.disks(request.config().additionalDisks());
        env.steps(request.config().provision());
        env.choices(request.config());
        env.network(request);
        return env.text.toString();
    }

    /** Content of {@code param.env}. */
    static String parameters(InstanceConfig config) {
        LimaEnv env = new LimaEnv();
        config.param().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(e -> env.text
                        .append("PARAM_")
                        .append(e.getKey())
                        .append('=')
                        .append(e.getValue())
                        .append('\n'));
        return env.text.toString();
    }

    /** Name of a provisioning step's file and of its variables. */
    static String number(Provision step) {
        return "%08d".formatted(step.index());
    }

    private void identity(CidataRequest request, String instanceId) {
        InstanceConfig.User user = request.config().user();
        line("DEBUG", false);
        line("IID", instanceId);
        line("NAME", request.instance());
        line("USER", user.name());
        line("UID", Long.toString(user.uid()));
        line("COMMENT", request.comment());
        line("HOME", user.home());
        line("SHELL", user.shell());
    }

    private void mounts(CidataRequest request) {
        List<Mount> mounts = request.config().mounts();
        String home = request.hostHome().toString();
        line(
                "HOSTHOME_MOUNTPOINT",
                mounts.stream()
                        .filter(m -> m.location().equals(home))
                        .map(Mount::mountPoint)
                        .findFirst()
                        .orElse(""));
        line("MOUNTS", Integer.toString(mounts.size()));
        for (int i = 0; i < mounts.size(); i++) {
            line("MOUNTS_" + i + "_MOUNTPOINT", mounts.get(i).mountPoint());
        }
        line("MOUNTTYPE", request.mountType());
    }

    private void disks(List<AdditionalDisk> disks) {
        line("DISKS", Integer.toString(disks.size()));
        for (int i = 0; i < disks.size(); i++) {
            AdditionalDisk disk = disks.get(i);
            line("DISK_" + i + "_NAME", disk.name());
            line("DISK_" + i + "_DEVICE", device(i + 1));
            line("DISK_" + i + "_FORMAT", disk.format());
            line("DISK_" + i + "_FSTYPE", disk.fsType());
            line("DISK_" + i + "_FSARGS", String.join(" ", disk.fsArgs()));
        }
    }

    /** The kernel's name of a virtio disk: vda, …, vdz, vdaa and so on. */
    static String device(int position) {
        String letter = Character.toString('a' + position % 26);
        return position < 26 ? "vd" + letter : device(position / 26 - 1) + letter;
    }

    private void steps(List<Provision> steps) {
        for (Provision step : steps) {
            String path = step.path() == null ? "" : step.path();
            if (step.mode().equals("data")) {
                String name = "DATAFILE_" + number(step);
                line(name + "_OVERWRITE", step.overwrite());
                line(name + "_OWNER", step.owner());
                line(name + "_PATH", path);
                line(name + "_PERMISSIONS", step.permissions());
            } else if (step.mode().equals("yq")) {
                String name = "YQ_PROVISION_" + number(step);
                line(name + "_FORMAT", step.format());
                line(name + "_OWNER", step.owner());
                line(name + "_PATH", path);
                line(name + "_PERMISSIONS", step.permissions());
            }
        }
    }

    private void choices(InstanceConfig config) {
        line("GUEST_INSTALL_PREFIX", config.guestInstallPrefix());
        oneOrEmpty("UPGRADE_PACKAGES", config.upgradePackages());
        oneOrEmpty("CONTAINERD_USER", config.containerd().user());
        oneOrEmpty("CONTAINERD_SYSTEM", config.containerd().system());
        oneOrEmpty(
                "SKIP_DEFAULT_DEPENDENCY_RESOLUTION",
                config.provision().stream().anyMatch(Provision::skipDefaultDependencyResolution));
        oneOrEmpty("PLAIN", config.plain());
        oneOrEmpty("NO_CLOUD_INIT", false);
        oneOrEmpty("PASSWORDLESS_SUDO", config.user().passwordlessSudo());
    }

    private void network(CidataRequest request) {
        line("SLIRP_DNS", request.addresses().map(a -> a.dns()).orElse(""));
        line("SLIRP_GATEWAY", request.addresses().map(a -> a.gateway()).orElse(""));
        line("SLIRP_IP_ADDRESS", request.addresses().map(a -> a.guest()).orElse(""));
        // What these mean when no service gives them: no resolver on the host for this guest, no agent in it.
        Map<String, String> services = new TreeMap<>(request.additions().variables());
        given(services, "UDP_DNS_LOCAL_PORT", "0");
        given(services, "TCP_DNS_LOCAL_PORT", "0");
        line("ROSETTA_ENABLED", false);
        line("ROSETTA_BINFMT", false);
        line("VMTYPE", request.vmType());
        given(services, "VSOCK_PORT", "0");
        given(services, "VIRTIO_PORT", "");
        services.forEach(this::line);
    }

    private void given(Map<String, String> services, String name, String otherwise) {
        String value = services.remove(name);
        line(name, value == null ? otherwise : value);
    }

    private void line(String name, boolean value) {
        line(name, Boolean.toString(value));
    }

    private void oneOrEmpty(String name, boolean value) {
        line(name, value ? "1" : "");
    }

    private void line(String name, String value) {
        text.append("LIMA_CIDATA_").append(name).append('=').append(value).append('\n');
    }
}
