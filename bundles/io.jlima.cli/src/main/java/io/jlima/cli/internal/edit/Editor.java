// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The caller's editor, on the caller's terminal. */
public final class Editor {
    private static final Logger LOG = LoggerFactory.getLogger(Editor.class);

    private static final List<String> USUAL = List.of("editor", "vim", "vi", "nano", "emacs");

    private final Invocation invocation;

    public Editor(Invocation invocation) {
        this.invocation = invocation;
    }

    /**
     * Lets the user change a text.
     *
     * @param name what the text is about; part of the file name that the editor shows
     * @return the text as it was saved
     * @throws LimaException when there is no editor or it fails
     */
    public String edit(String name, String text) throws InterruptedException {
        String command = command();
        Path file = null;
        try {
            file = Files.createTempFile("lima-" + name.replaceAll("[^A-Za-z0-9._-]", "-") + "-", ".yaml");
            Files.writeString(file, text);
            int code = run(command + " '" + file + "'");
            if (code != 0) {
                throw new LimaException(
                        "the editor ended with exit code " + code + ": " + command, "Nothing was changed");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            remove(file);
        }
    }

    private static void remove(@Nullable Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.warn("A temporary file stays", e);
        }
    }

    /** What the user calls an editor, arguments and all. */
    private String command() {
        HostEnvironment caller = invocation.caller();
        return caller.variable("VISUAL")
                .or(() -> caller.variable("EDITOR"))
                .or(() -> USUAL.stream()
                        .filter(name -> caller.findProgram(name).isPresent())
                        .findFirst())
                .orElseThrow(() -> new LimaException(
                        "there is no editor",
                        "Set EDITOR, or change fields with --set, for example --set '.cpus = 2'"));
    }

    private int run(String line) throws IOException, InterruptedException {
        if (!TerminalProgram.hasTerminal(invocation)) {
            return alone(line);
        }
        return TerminalProgram.on(invocation)
                .orElseThrow(() -> new LimaException(
                        "the program script is missing, which gives the editor its terminal",
                        "Install it (on Debian: apt install bsdutils), or change fields with --set"))
                .run("exec " + line);
    }

    /** Without a terminal the editor is a program like any other, such as sed. */
    private int alone(String line) throws IOException, InterruptedException {
        ProcessBuilder builder = invocation.caller().apply(new ProcessBuilder("/bin/sh", "-c", line));
        builder.redirectErrorStream(true);
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            process.getInputStream().transferTo(invocation.err());
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }
}
