// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import com.sun.management.OperatingSystemMXBean;
import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.config.ConfigReader.Facts;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What defaults of a configuration depend on, found out on this host. */
final class HostFacts {
    private final HomeFolder home;

    HostFacts(HomeFolder home) {
        this.home = home;
    }

    /**
     * @param caller whose user name and home count; the daemon's own environment when nobody in particular asks
     */
    Facts of(InstanceFolder folder, HostEnvironment caller) {
        long uid = uid(home.path());
        String user = userName(uid, caller);
        return new Facts(
                System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux",
                Arch.host(),
                Runtime.getRuntime().availableProcessors(),
                ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize(),
                user,
                comment(user),
                uid,
                caller.home(),
                machineId(),
                timezone(),
                folder.name(),
                folder.path(),
                home.config(),
                createdBy(folder));
    }

    /** Null for an instance that nothing was made of yet: today's defaults are right for it. */
    private static @Nullable String createdBy(InstanceFolder folder) {
        return folder.hasLived() ? folder.version() : null;
    }

    /** The owner of LIMA_HOME is the user whose daemon this is. */
    private static long uid(Path home) {
        try {
            Path known = Files.exists(home) ? home : Path.of(System.getProperty("user.home"));
            return ((Number) Files.getAttribute(known, "unix:uid")).longValue();
        } catch (IOException | UnsupportedOperationException e) {
            return 0;
        }
    }

    private static String userName(long uid, HostEnvironment caller) {
        return passwd(2, Long.toString(uid))
                .map(fields -> fields[0])
                .orElseGet(() -> caller.variable("USER").orElse(System.getProperty("user.name", "")));
    }

    private static String comment(String user) {
        return passwd(0, user).map(fields -> fields[4].split(",", 2)[0]).orElse("");
    }

    private static Optional<String[]> passwd(int field, String value) {
        try (Stream<String> lines = Files.lines(Path.of("/etc/passwd"))) {
            return lines.map(line -> line.split(":", -1))
                    .filter(fields -> fields.length >= 7 && fields[field].equals(value))
                    .findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }

    private static String machineId() {
        return firstLine("/etc/machine-id")
                .or(() -> firstLine("/var/lib/dbus/machine-id"))
                .orElseGet(HostFacts::hostName);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private static String timezone() {
        Optional<String> zone = firstLine("/etc/timezone").filter(z -> Files.exists(Path.of("/usr/share/zoneinfo", z)));
        return zone.orElseGet(() -> {
            try {
                String target = Path.of("/etc/localtime").toRealPath().toString();
                int at = target.indexOf("/zoneinfo/");
                return at < 0 ? "" : target.substring(at + "/zoneinfo/".length());
            } catch (IOException e) {
                return "";
            }
        });
    }

    private static Optional<String> firstLine(String file) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.map(String::strip).filter(line -> !line.isEmpty()).findFirst();
        } catch (IOException | java.io.UncheckedIOException e) {
            return Optional.empty();
        }
    }
}
