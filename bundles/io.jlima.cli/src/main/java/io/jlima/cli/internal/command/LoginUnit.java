// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.DaemonControl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The start of an instance when its user logs in: a systemd user unit, under the name that Lima gives it
 * (systemd.service(5)). The unit is done when the instance is ready; the daemon and the machine are not its children to
 * kill.
 */
record LoginUnit(String instance, HostEnvironment caller, Path limaHome, DaemonControl daemon) {
    String name() {
        return "lima-vm@" + instance + ".service";
    }

    Path file() {
        return caller.variable("XDG_CONFIG_HOME")
                .map(Path::of)
                .orElseGet(() -> caller.home().resolve(".config"))
                .resolve("systemd/user")
                .resolve(name());
    }

    boolean isRegistered() {
        return Files.exists(file());
    }

    /** @throws LimaException where systemd does not run */
    static void requireSystemd() {
        // sd_booted(3) looks for the same directory.
        if (!Files.isDirectory(Path.of("/run/systemd/system"))) {
            throw new LimaException(
                    "autostart is not supported on "
                            + (System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux")
                            + " without systemd",
                    "Put `limactl start NAME` where this system starts programs at login");
        }
    }

    String text() {
        String limactl = quoted(daemon.prefix().resolve("bin/limactl").toString());
        return """
                # Made by limactl autostart.
                [Unit]
                Description=Lima virtual machine %s

                [Service]
                Type=oneshot
                RemainAfterExit=yes
                KillMode=process
                Environment=%s
                ExecStart=%s start --tty=false %s
                ExecStop=%s stop %s
                TimeoutStartSec=10min
                TimeoutStopSec=4min

                [Install]
                WantedBy=default.target
                """.formatted(instance, quoted("LIMA_HOME=" + limaHome), limactl, instance, limactl, instance);
    }

    /** A percent sign would be a specifier of systemd. */
    private static String quoted(String word) {
        return "\"" + word.replace("%", "%%").replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    void register(Invocation invocation) throws InterruptedException {
        requireSystemd();
        try {
            Files.createDirectories(file().getParent());
            Files.writeString(file(), text());
        } catch (IOException e) {
            throw new LimaException("cannot write " + file(), e);
        }
        try {
            systemctl(invocation, "enable");
        } catch (LimaException e) {
            remove();
            throw e;
        }
    }

    void unregister(Invocation invocation) throws InterruptedException {
        requireSystemd();
        systemctl(invocation, "disable");
        remove();
    }

    private void remove() {
        try {
            Files.deleteIfExists(file());
        } catch (IOException e) {
            throw new LimaException("cannot remove " + file(), e);
        }
    }

    private void systemctl(Invocation invocation, String verb) throws InterruptedException {
        List<String> words = new ArrayList<>(
                List.of(HostTool.find(invocation, "systemctl", "systemd").toString(), "--user", "--quiet"));
        words.addAll(List.of(verb, name()));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int code = HostTool.run(invocation, words, Map.of(), false, said);
        if (code != 0) {
            throw new LimaException(
                    "systemctl --user " + verb + " " + name() + " ended with exit code " + code,
                    said.toString(java.nio.charset.StandardCharsets.UTF_8),
                    null,
                    null);
        }
    }
}
