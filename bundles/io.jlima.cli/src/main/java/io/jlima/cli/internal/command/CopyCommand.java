// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.api.ssh.SshConnection;
import io.jlima.cli.internal.command.CopyPlan.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl copy}: files between host and guests, by rsync where both sides have it, else by scp over SFTP. */
@Component(service = Command.class)
public final class CopyCommand implements Command {
    /** A guest that does not answer a word about a path in that time has other troubles. */
    private static final Duration LOOK = Duration.ofSeconds(30);

    private final Instances instances;

    @Activate
    public CopyCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("copy", Group.ADVANCED, "Copy files between host and instances")
                .alias("cp")
                .describe("""
                        A file of an instance is written INSTANCE:PATH; a path that is not absolute begins in the guest
                        user's home. A file of the host whose name has a colon is written with a slash: ./a:b.
                        With several sources, the target is a directory. A directory whose target does not exist is
                        copied to that name, else into the target. Times and permissions are kept.""")
                .takes("SOURCE... TARGET", 2, Integer.MAX_VALUE, ArgumentKind.GUEST_FILE)
                .with(
                        new Option("recursive", "r", null, "copy directories with everything in them"),
                        new Option("verbose", "v", null, "show what is copied"),
                        new Option(
                                        "backend",
                                        null,
                                        "TOOL",
                                        "auto, rsync or scp (default auto: rsync where both sides have it)")
                                .oneOf("auto", "rsync", "scp"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        List<CopyPlace> places = invocation.arguments().stream()
                .map(word -> CopyPlace.of(word, invocation.caller()))
                .toList();
        for (CopyPlace place : places) {
            if (place.isRemote()) {
                GuestTarget.running(instances, place.guest());
            }
        }
        CopyPlace target = places.getLast();
        List<Source> sources = new ArrayList<>();
        for (CopyPlace place : places.subList(0, places.size() - 1)) {
            boolean directory = isDirectory(place);
            if (directory && !invocation.has("recursive")) {
                throw new LimaException(
                        "`" + place.words() + "` is a directory", "To copy it with all that is in it, add -r");
            }
            sources.add(new Source(place, directory));
        }
        boolean intoDirectory = isDirectory(target);
        if (sources.size() > 1 && !intoDirectory) {
            throw new LimaException(
                    "`" + target.words() + "` is no directory, so it cannot take several files",
                    "Make the directory first, or copy one file at a time");
        }
        boolean rsync = usesRsync(places, invocation);
        TreeSet<String> guests = places.stream()
                .filter(CopyPlace::isRemote)
                .map(CopyPlace::guest)
                .collect(Collectors.toCollection(TreeSet::new));
        boolean terminal = invocation.interactive() && invocation.streams().errTerminal();
        try (SshConfigFile config = SshConfigFile.of(guests, this::directory)) {
            CopyPlan plan = new CopyPlan(
                    sources,
                    target,
                    intoDirectory,
                    invocation.has("recursive"),
                    invocation.has("verbose") || invocation.has("debug"),
                    terminal,
                    config.path().toString());
            List<String> words = rsync
                    ? plan.rsync(HostTool.find(invocation, "rsync", "rsync").toString(), ssh(invocation))
                    : plan.scp(
                            HostTool.find(invocation, "scp", "openssh-client").toString());
            return HostTool.run(
                    invocation,
                    terminal && !rsync ? watched(invocation, words) : words,
                    Map.of(),
                    false,
                    invocation.err());
        }
    }

    /** scp shows its progress only to a terminal of its own, which script(1) gives it where it is that of util-linux. */
    private static List<String> watched(Invocation invocation, List<String> words) {
        Optional<Path> script = invocation.caller().findProgram("script");
        if (script.isEmpty() || !Files.isDirectory(Path.of("/proc/self"))) {
            return words;
        }
        String line = words.stream().map(Words::quote).collect(Collectors.joining(" "));
        return List.of(script.get().toString(), "-q", "-e", "-c", line, "/dev/null");
    }

    private static String ssh(Invocation invocation) {
        return invocation.caller().variable("SSH").orElse("ssh");
    }

    private boolean usesRsync(List<CopyPlace> places, Invocation invocation) throws InterruptedException {
        String backend = invocation.value("backend").orElse("auto");
        switch (backend) {
            case "scp" -> {
                return false;
            }
            case "rsync" -> {
                requireRsync(places, invocation);
                return true;
            }
            case "auto" -> {
                return hasRsync(places, invocation);
            }
            default ->
                throw new LimaException(
                        "invalid argument \"" + backend + "\" for \"--backend\" flag: no such tool",
                        "Use auto, rsync or scp");
        }
    }

    private Path directory(String instance) {
        return GuestTarget.existing(instances, instance).directory();
    }

    private void requireRsync(List<CopyPlace> places, Invocation invocation) throws InterruptedException {
        HostTool.find(invocation, "rsync", "rsync");
        List<CopyPlace> remote = places.stream().filter(CopyPlace::isRemote).toList();
        if (remote.size() > 1) {
            throw new LimaException(
                    "rsync copies from or to one instance, and " + remote.size() + " places are in instances",
                    "Use --backend scp");
        }
        for (CopyPlace place : remote) {
            if (!guestHasRsync(place.guest())) {
                throw new LimaException(
                        "rsync not available on guest(s)",
                        "Install rsync in `" + place.instance() + "`, or use --backend scp");
            }
        }
    }

    private boolean hasRsync(List<CopyPlace> places, Invocation invocation) throws InterruptedException {
        List<CopyPlace> remote = places.stream().filter(CopyPlace::isRemote).toList();
        return remote.size() <= 1
                && invocation.caller().findProgram("rsync").isPresent()
                && (remote.isEmpty() || guestHasRsync(remote.getFirst().guest()));
    }

    private boolean guestHasRsync(String instance) throws InterruptedException {
        return succeeds(instance, "command -v rsync");
    }

    private boolean isDirectory(CopyPlace place) throws InterruptedException {
        return !place.isRemote()
                ? Files.isDirectory(Path.of(place.path()))
                : succeeds(place.guest(), "test -d " + Words.quote(place.path().isEmpty() ? "." : place.path()));
    }

    private boolean succeeds(String instance, String command) throws InterruptedException {
        SshConnection connection = instances.connection(instance);
        try {
            return connection.run(command, "", LOOK).exitCode() == 0;
        } catch (IOException e) {
            throw new LimaException("the guest of `" + instance + "` does not answer", e);
        }
    }
}
