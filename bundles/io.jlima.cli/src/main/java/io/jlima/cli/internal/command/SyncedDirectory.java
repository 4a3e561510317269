// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.api.ssh.SshConnection;
import io.jlima.cli.internal.edit.TerminalProgram;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code shell --sync}: a directory of the host that a command of a guest works on without a mount. A copy goes to the
 * guest, and what the command changes in it comes back, after a look at it where somebody can look.
 */
final class SyncedDirectory {
    /** A path of the root, one directory and nothing else is too much to have replaced by mistake. */
    private static final int LEAST_DEPTH = 3;

    private static final Duration LOOK = Duration.ofSeconds(30);

    private final Invocation invocation;
    private final Path directory;
    private @Nullable SshConnection connection;
    private String host = "";
    private String guestDirectory = "";
    private String transport = "";

    private SyncedDirectory(Invocation invocation, Path directory) {
        this.invocation = invocation;
        this.directory = directory;
    }

    /** The directory that the call names; refused when it cannot be meant, or cannot be copied. */
    static Optional<SyncedDirectory> wanted(Invocation invocation) {
        Optional<String> word = invocation.value("sync");
        if (word.isEmpty()) {
            return Optional.empty();
        }
        if (invocation.value("workdir").isPresent()) {
            throw new LimaException("cannot use both --sync and --workdir", "The command starts in the copy");
        }
        Path directory = invocation.caller().resolve(word.get());
        if (!Files.isDirectory(directory)) {
            throw new LimaException("`" + directory + "` is no directory", "Give the directory to work on");
        }
        if (directory.getNameCount() < LEAST_DEPTH) {
            throw new LimaException(
                    "`" + directory + "` is too near to the root to be synchronised",
                    "Choose a directory such as " + invocation.caller().home().resolve("project"));
        }
        HostTool.find(invocation, "rsync", "rsync");
        return Optional.of(new SyncedDirectory(invocation, directory));
    }

    /**
     * Copies the directory to the guest.
     *
     * @return the command that enters the copy
     */
    String bring(Instances instances, Instance instance) throws InterruptedException {
        if (instance.config() != null && !instance.config().mounts().isEmpty()) {
            throw new LimaException(
                    "--sync is for instances without mounts, and `" + instance.name() + "` has some",
                    "Work in the mounted directory, or use an instance made with --mount-none");
        }
        SshConnection guest = instances.connection(instance.name());
        connection = guest;
        if (ask(guest, "command -v rsync").exitCode() != 0) {
            throw new LimaException("rsync not available on guest(s)", "Install rsync in `" + instance.name() + "`");
        }
        guestDirectory = ask(guest, "printf %s \"$HOME\"").stdout() + directory;
        host = "lima-" + instance.name();
        transport = String.join(" ", invocation.caller().variable("SSH").orElse("ssh"), "-F") + " '"
                + instance.directory().resolve("ssh.config").toString().replace("'", "''") + "'";
        ask(guest, "mkdir -p " + Words.quote(guestDirectory));
        rsync(List.of("--delete"), directory + "/", remote(), invocation.err());
        return "cd " + Words.quote(guestDirectory);
    }

    private String remote() {
        return host + ":" + guestDirectory + "/";
    }

    /** Brings the changes back if the command went well, after asking where somebody can answer. */
    void takeBack(int code) throws InterruptedException {
        if (code != 0) {
            invocation
                    .log()
                    .warn("The command ended with exit code " + code + ": nothing was copied back; the copy stays at "
                            + host + ":" + guestDirectory);
            return;
        }
        if (!Questions.possible(invocation)) {
            rsync(List.of("--delete"), remote(), directory + "/", invocation.err());
            return;
        }
        SyncChanges changes = SyncChanges.of(preview());
        if (changes.isEmpty()) {
            invocation.log().info("No changes to copy back");
        } else if (accepted(changes)) {
            rsync(List.of("--delete"), remote(), directory + "/", invocation.err());
            invocation.log().info("Copied back: " + changes);
        }
        SshConnection guest = connection;
        if (guest != null) {
            ask(guest, "rm -rf " + Words.quote(guestDirectory));
        }
    }

    private boolean accepted(SyncChanges changes) throws InterruptedException {
        while (true) {
            int choice = Questions.choose(
                    invocation,
                    "Copy the changes back to " + directory + "? (" + changes + ")",
                    List.of("Yes", "No", "Show the differences"));
            if (choice == 2) {
                showDifferences();
            } else {
                return choice == 0;
            }
        }
    }

    private String preview() throws InterruptedException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        rsync(List.of("--delete", "--dry-run", "--itemize-changes"), remote(), directory + "/", text);
        return text.toString(StandardCharsets.UTF_8);
    }

    private void showDifferences() throws InterruptedException {
        try {
            Path copy = Files.createTempDirectory("jlima-sync");
            try {
                rsync(List.of(), remote(), copy + "/", invocation.err());
                String colour = invocation.caller().variable("NO_COLOR").isPresent() ? "never" : "always";
                show(List.of("diff", "-ruN", "--color=" + colour, directory.toString(), copy.toString()));
            } finally {
                HostTool.run(invocation, List.of("rm", "-rf", copy.toString()), Map.of(), false, invocation.err());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Page by page where somebody can turn them, as git(1) does: all at once if it is less than a page. */
    private void show(List<String> command) throws IOException, InterruptedException {
        HostEnvironment caller = invocation.caller();
        Optional<String> pager = caller.variable("PAGER")
                .or(() -> caller.findProgram("less").map(less -> "less"))
                .filter(name -> !name.isBlank() && !name.equals("cat"));
        Optional<TerminalProgram> terminal = TerminalProgram.on(invocation);
        if (pager.isPresent() && terminal.isPresent() && TerminalProgram.hasTerminal(invocation)) {
            terminal.get().run(Words.commandLine(command) + " | LESS=\"${LESS-FRX}\" " + pager.get());
        } else {
            HostTool.run(invocation, command, Map.of(), false, invocation.out());
        }
    }

    private void rsync(List<String> options, String from, String to, OutputStream out) throws InterruptedException {
        List<String> words = new ArrayList<>();
        words.add(HostTool.find(invocation, "rsync", "rsync").toString());
        words.addAll(List.of("-a", "--no-owner", "--no-group", "-s"));
        words.addAll(options);
        words.addAll(List.of("-e", transport, "--", from, to));
        int code = HostTool.run(invocation, words, Map.of(), false, out);
        if (code != 0) {
            throw new LimaException("rsync ended with exit code " + code, "The lines above say why");
        }
    }

    private static SshConnection.Result ask(SshConnection guest, String command) throws InterruptedException {
        try {
            return guest.run(command, "", LOOK);
        } catch (IOException e) {
            throw new LimaException("the guest does not answer", e);
        }
    }
}
