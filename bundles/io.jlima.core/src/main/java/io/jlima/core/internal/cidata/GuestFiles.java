// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.mount.MountDriver.FstabEntry;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The small files of the volume that describe network and mounts. */
final class GuestFiles {
    private GuestFiles() {}

    /** Content of {@code network-config}, in version 2 of cloud-init's format. */
    static String networkConfig(CidataRequest request) {
        StringBuilder text = new StringBuilder("version: 2\nethernets:");
        text.append(request.nics().isEmpty() ? " {}\n" : "\n");
        boolean optional = "true".equals(request.config().param().get("internal_netplanOptional"));
        for (CidataRequest.Nic nic : request.nics()) {
            String name = Yaml.scalar(nic.interfaceName());
            text.append("  ").append(name).append(":\n");
            text.append("    match:\n");
            text.append("      macaddress: '").append(mac(nic)).append("'\n");
            text.append("    dhcp4: true\n");
            text.append("    set-name: ").append(name).append('\n');
            text.append("    dhcp4-overrides:\n");
            text.append("      route-metric: ").append(nic.metric()).append('\n');
            text.append("    dhcp-identifier: mac\n");
            if (optional) {
                text.append("    optional: true\n");
            }
            if (nic.first() && !request.nameservers().isEmpty()) {
                text.append("    nameservers:\n      addresses:\n");
                request.nameservers()
                        .forEach(address -> text.append("      - ")
                                .append(Yaml.quoted(address))
                                .append('\n'));
            }
        }
        return text.toString();
    }

    /**
     * Content of {@code guest/nics}: one line per interface with name, MAC address, metric, {@code first} or
     * {@code other}, and name servers joined by commas or {@code -}.
     */
    static String nics(CidataRequest request) {
        StringBuilder text = new StringBuilder();
        for (CidataRequest.Nic nic : request.nics()) {
            List<String> servers = nic.first() ? request.nameservers() : List.of();
            text.append(nic.interfaceName())
                    .append(' ')
                    .append(mac(nic))
                    .append(' ')
                    .append(nic.metric())
                    .append(nic.first() ? " first " : " other ")
                    .append(servers.isEmpty() ? "-" : String.join(",", servers))
                    .append('\n');
        }
        return text.toString();
    }

    /** How {@code nic-names.sh} takes an interface. */
    static String nameAndMac(CidataRequest.Nic nic) {
        return nic.interfaceName() + "=" + mac(nic);
    }

    /** Content of {@code guest/fstab}, with the escapes of fstab(5). */
    static String fstab(List<FstabEntry> entries) {
        return entries.stream()
                .map(e -> "%s %s %s %s 0 0\n"
                        .formatted(
                                fstabWord(e.source()),
                                fstabWord(e.mountPoint()),
                                e.type(),
                                e.options().isEmpty() ? "defaults" : fstabWord(e.options())))
                .collect(Collectors.joining());
    }

    /** Content of {@code guest/resolv.conf}, for a guest that takes no name servers from DHCP. */
    static String resolvConf(CidataRequest request) {
        return request.lastResortNameservers().stream()
                .map(address -> "nameserver " + address + "\n")
                .collect(Collectors.joining());
    }

    private static String fstabWord(String value) {
        return value.replace("\\", "\\134").replace(" ", "\\040").replace("#", "\\043");
    }

    private static String mac(CidataRequest.Nic nic) {
        return nic.macAddress().toLowerCase(Locale.ROOT);
    }
}
