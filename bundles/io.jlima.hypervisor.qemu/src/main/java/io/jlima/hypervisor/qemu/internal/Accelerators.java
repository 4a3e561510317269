// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Chooses the accelerator by trying: some nested hosts have a KVM that opens, accepts a guest and then runs it slower
 * than emulation, without a word. What was found out is kept until the host boots again. Thread-safe.
 */
final class Accelerators {
    /** How long a working KVM may take: the guest itself needs a hundredth of this, starting QEMU a tenth. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final HostOs os;
    private final Arch hostArch;
    private final Path kvm;
    private final Duration limit;

    Accelerators(HostOs os, Arch hostArch, Path kvm) {
        this(os, hostArch, kvm, LIMIT);
    }

    /** @param limit how long the probe may take */
    Accelerators(HostOs os, Arch hostArch, Path kvm, Duration limit) {
        this.os = os;
        this.hostArch = hostArch;
        this.kvm = kvm;
        this.limit = limit;
    }

    /** @throws LimaException when the calling thread was interrupted (it stays so) */
    synchronized Accelerator choose(QemuProgram program, Arch guest, HostEnvironment caller) {
        int asked = program.extraWords().indexOf("-accel");
        if (asked >= 0 && asked + 1 < program.extraWords().size()) {
            return asked(program.extraWords().get(asked + 1));
        }
        if (guest != hostArch) {
            return Accelerator.tcg("a guest of architecture " + guest + " on a host of architecture " + hostArch, "");
        }
        return switch (os) {
            case LINUX -> onLinux(program, guest, caller);
            case DARWIN -> onDarwin(caller);
            case OTHER -> Accelerator.tcg("no accelerator of this operating system is known", "");
        };
    }

    private static Accelerator asked(String accelerator) {
        return switch (accelerator.split(",", 2)[0]) {
            case "kvm" -> Accelerator.KVM;
            case "hvf" -> Accelerator.HVF;
            default -> Accelerator.tcg("the environment asks for -accel " + accelerator, "");
        };
    }

    private Accelerator onLinux(QemuProgram program, Arch guest, HostEnvironment caller) {
        Optional<Accelerator> closed = closed(caller);
        if (closed.isPresent()) {
            return closed.get();
        }
        ProbeRecord record = ProbeRecord.of(caller, os);
        String key = ProbeRecord.key(program.path(), kvm);
        Optional<Accelerator> known = record.find(key);
        if (known.isPresent()) {
            return known.get();
        }
        Accelerator found = ProbeGuest.of(guest)
                .map(g -> probe(g, program, caller, record.file()))
                .orElse(Accelerator.KVM);
        record.keep(key, found);
        return found;
    }

    /** Why KVM cannot even be opened; empty when it can. */
    private Optional<Accelerator> closed(HostEnvironment caller) {
        try {
            FileChannel.open(kvm, StandardOpenOption.READ, StandardOpenOption.WRITE)
                    .close();
            return Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.of(Accelerator.tcg(
                    "this host has no " + kvm, "Turn on virtualization in the firmware, or nested virtualization"));
        } catch (AccessDeniedException e) {
            String user = caller.variable("USER").orElseGet(() -> System.getProperty("user.name", "$USER"));
            return Optional.of(Accelerator.tcg(
                    "permission to open " + kvm + " is denied",
                    "Join the group that owns it and log in again: sudo usermod -aG kvm " + user));
        } catch (IOException e) {
            return Optional.of(Accelerator.tcg(kvm + " does not open: " + e.getMessage(), ""));
        }
    }

    private Accelerator probe(ProbeGuest guest, QemuProgram program, HostEnvironment caller, Path record) {
        Path image = null;
        try {
            image = Files.createTempFile("jlima-probe-", ".bin");
            Files.write(image, guest.image());
            List<String> words = new ArrayList<>(List.of(program.path().toString()));
            words.addAll(guest.commandLine("kvm", "host", image));
            ShortRun.Outcome outcome = ShortRun.of(words, caller, limit);
            if (outcome.exitCode() == guest.exitCode()) {
                return Accelerator.KVM;
            }
            return outcome.timeOver()
                    ? Accelerator.tcg(
                            "KVM of this host runs slower than emulation",
                            "This is remembered until the host boots again; remove " + record + " to try anew")
                    : Accelerator.tcg("KVM does not work here: " + firstWords(outcome), "");
        } catch (IOException e) {
            return Accelerator.tcg("KVM could not be tried: " + e.getMessage(), "");
        } finally {
            delete(image);
        }
    }

    private static void delete(@org.jspecify.annotations.Nullable Path image) {
        try {
            if (image != null) {
                Files.deleteIfExists(image);
            }
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(Accelerators.class).debug("{} stays behind", image, e);
        }
    }

    private static Accelerator onDarwin(HostEnvironment caller) {
        String answer = ShortRun.of(List.of("/usr/sbin/sysctl", "-n", "kern.hv_support"), caller, Duration.ofSeconds(5))
                .words()
                .strip();
        return answer.equals("1")
                ? Accelerator.HVF
                : Accelerator.tcg("this Mac has no Hypervisor.framework (kern.hv_support is " + answer + ")", "");
    }

    /** The first line says what is wrong; what follows is where in QEMU. */
    private static String firstWords(ShortRun.Outcome outcome) {
        return outcome.words()
                        .lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .findFirst()
                        .orElse("QEMU") + " (exit code " + outcome.exitCode() + ")";
    }
}
