// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.WrongUsage.Kind.CONFLICT;
import static io.jlima.itests.WrongUsage.Kind.INSTANCE;
import static io.jlima.itests.WrongUsage.Kind.STATE;

import java.util.List;
import java.util.Map;

/**
 * A wrong call of a command and the one line that must come of it. {@code small} is stopped, {@code bad} has a
 * lima.yaml that cannot be read, {@code empty} is a directory without one.
 */
record WrongUsage(Kind kind, CommandCase call) {
    /** What can be wrong. A missing argument and an unknown flag are the same for every command, and made by the test. */
    enum Kind {
        INSTANCE,
        STATE,
        CONFLICT
    }

    private static final String DOES_NOT_EXIST =
            "instance .nosuch. does not exist, run .limactl create nosuch. to create";
    private static final String HAS_ERRORS = "instance .(bad|empty). has configuration errors";
    private static final String STOPPED =
            "instance .small. is stopped, run .limactl start small. to start the instance";
    private static final String TOO_MANY_MOUNTS = "--mount-none goes with no other mount";
    private static final String MOUNTS = " --mount-none --mount HOME";

    private static WrongUsage unknown(String words) {
        return new WrongUsage(INSTANCE, CommandCase.bad(words, DOES_NOT_EXIST));
    }

    private static WrongUsage state(String words, String complaint) {
        return new WrongUsage(STATE, CommandCase.bad(words, complaint));
    }

    private static WrongUsage conflict(String words, String complaint) {
        return new WrongUsage(CONFLICT, CommandCase.bad(words, complaint));
    }

    static final List<WrongUsage> ALL = List.of(
            unknown("autostart enable nosuch"),
            unknown("clone nosuch other"),
            unknown("copy nosuch:/a HOME"),
            unknown("copy HOME/small.yaml nosuch:"),
            new WrongUsage(INSTANCE, CommandCase.bad("edit nosuch --cpus 1", "instance .nosuch. not found")),
            new WrongUsage(INSTANCE, CommandCase.bad("list nosuch", "unmatched instances")),
            unknown("mount add nosuch HOME"),
            unknown("mount list nosuch"),
            unknown("mount remove nosuch HOME"),
            unknown("port list nosuch"),
            unknown("protect nosuch"),
            unknown("rename nosuch other"),
            unknown("restart nosuch"),
            unknown("shell nosuch true"),
            unknown("shell --instance nosuch true"),
            unknown("show-ssh nosuch"),
            unknown("snapshot apply nosuch --tag a"),
            unknown("snapshot create nosuch --tag a"),
            unknown("snapshot delete nosuch --tag a"),
            unknown("snapshot list nosuch"),
            unknown("stop nosuch"),
            unknown("tunnel nosuch"),
            unknown("unprotect nosuch"),
            unknown("watch nosuch"),
            state("autostart enable bad", HAS_ERRORS),
            state("autostart enable empty", HAS_ERRORS),
            state("clone bad other", HAS_ERRORS),
            state("clone empty other", HAS_ERRORS),
            state("clone small bad", "instance .bad. already exists"),
            state("copy small:/a HOME", STOPPED),
            state("copy HOME/small.yaml bad:", HAS_ERRORS),
            state("create --tty=false bad", "instance .bad. already exists"),
            state("delete empty", HAS_ERRORS),
            state("edit empty --cpus 1", HAS_ERRORS),
            state("edit bad --cpus 1", "bad/lima\\.yaml:1:\\d+: not valid YAML"),
            state("factory-reset empty", HAS_ERRORS),
            state("mount add small HOME", STOPPED),
            state("mount add bad HOME", HAS_ERRORS),
            state("mount list bad", HAS_ERRORS),
            state("mount remove small HOME", STOPPED),
            state("port list small", STOPPED),
            state("port list empty", HAS_ERRORS),
            state("rename bad other", HAS_ERRORS),
            state("rename small bad", "instance .bad. already exists"),
            state("restart bad", HAS_ERRORS),
            state("restart empty", HAS_ERRORS),
            state("shell small true", STOPPED),
            state("shell bad true", HAS_ERRORS),
            state("shell --start bad true", HAS_ERRORS),
            state("show-ssh small", "instance .small. has no ssh\\.config yet"),
            state("show-ssh bad", HAS_ERRORS),
            state("snapshot apply bad --tag a", HAS_ERRORS),
            state("snapshot create bad --tag a", HAS_ERRORS),
            state("snapshot delete empty --tag a", HAS_ERRORS),
            state("snapshot list empty", HAS_ERRORS),
            state("start bad", HAS_ERRORS),
            state("start empty", HAS_ERRORS),
            state("start --foreground empty", HAS_ERRORS),
            state("stop small", "expected status .Running., got .Stopped."),
            state("stop bad", HAS_ERRORS),
            state("tunnel small", STOPPED),
            state("tunnel bad", HAS_ERRORS),
            conflict("clone small other" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("create --tty=false --name other HOME/small.yaml" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("create --tty=false --name other HOME/small.yaml --plain --mount HOME", "--plain mounts nothing"),
            conflict(
                    "create --tty=false --name other HOME/small.yaml --plain --containerd user",
                    "--plain has no containerd"),
            conflict(
                    "create --tty=false --name other HOME/small.yaml --plain --port-forward 1:2",
                    "--plain forwards no port that is not static"),
            conflict("create --tty=false --name other another", "instance name .another. and --name .other. cannot be"),
            conflict("create --tty --yes --name other HOME/small.yaml", "cannot use both --tty and --yes"),
            conflict("daemon status --all", "--all goes with .limactl daemon log. only"),
            conflict("edit small" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("edit small --mount-only HOME --mount HOME", "--mount and --mount-only cannot be given together"),
            conflict("list --json --format yaml", "option --json conflicts with option --format"),
            conflict("list --json --quiet", "option --quiet can only be used with '--format table'"),
            conflict("list --list-fields --yq .name", "option --list-fields conflicts with option --yq"),
            conflict("list --list-fields --quiet", "option --list-fields conflicts with option --quiet"),
            conflict("list --format table --yq .name", "option --yq only works with --format json or yaml"),
            conflict(
                    "network create mine --mode bridged --interface eth0 --gateway 10.1.1.1",
                    "has no gateway of its own"),
            conflict("network create mine --gateway 10.1.1.1 --interface eth0", "has no interface"),
            conflict("rename small other" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("restart small" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("shell --sync HOME --workdir / small true", "cannot use both --sync and --workdir"),
            conflict("start small" + MOUNTS, TOO_MANY_MOUNTS),
            conflict("start --tty=false --name other HOME/small.yaml --plain --mount HOME", "--plain mounts nothing"),
            conflict("template copy --verbatim --fill HOME/small.yaml", "--verbatim changes nothing"));

    /** Commands for which a kind makes no sense, and why. */
    static final Map<Kind, Map<String, String>> DOES_NOT_APPLY = Map.of(
            INSTANCE,
            Map.of(
                    "autostart disable", "what is not there is not started either, and that is success",
                    "delete", "what is not there is deleted, with a warning: scripts count on it",
                    "factory-reset", "the same, as in Lima",
                    "start", "it makes the instance"),
            STATE,
            Map.of(
                    "autostart disable", "any may be taken out",
                    "list", "it shows any state",
                    "protect", "any may be protected",
                    "unprotect", "any may be left unprotected",
                    "watch", "any may be watched"),
            CONFLICT,
            Map.of(
                    "copy", "each flag is about something else",
                    "disk create", "size and format are independent",
                    "mount add", "each flag is about something else",
                    "tunnel", "type and port are independent",
                    "watch", "each flag is about something else"));

    @Override
    public String toString() {
        return kind + ": " + call;
    }
}
