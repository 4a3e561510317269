// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.CommandCase.bad;
import static io.jlima.itests.CommandCase.good;

import java.util.List;
import java.util.stream.Stream;

/** Every command with every flag, in an order in which each finds what it needs. */
final class CommandCases {
    private CommandCases() {}

    /** Flags that change an existing configuration, as far as they go together. */
    private static final String CHANGES = " --cpus 1 --dns 1.1.1.1 --memory 0.2 --mount HOME/_m:w --mount-type 9p"
            + " --vm-type qemu --mount-inotify=false --mount-writable --nested-virt=false --rosetta=false"
            + " --set '.env.FOO = \"x\"' --param KEY=value --video=false --ssh-port 0 --disk 0.1 --shell /bin/bash";

    /** Those that are taken for a new instance only, or by create and start only. */
    private static final String NEW = " --arch x86_64 --containerd none --plain=false --port-forward 18080:80"
            + " --audio-device none --audio-interface hda";

    /** Flags that go with none of the others, or with no instance of the tests. */
    private static final String ODD =
            " --mount-only HOME/_m --mount-none --network lima:user-v2 --image-variant x" + " --arch-variant y";

    private static final String ODD_CHANGES = " --mount-only HOME/_m --mount-none --network lima:user-v2";

    /** Without a guest: {@code small} is an instance that is never started, made of an empty image. */
    static final List<CommandCase> ALONE = List.of(
            // The program itself
            good("--version").out("^limactl version 2\\.2\\.0"),
            good("-v").out("^limactl version "),
            good("").out("Basic commands:"),
            good("--help").out("Advanced commands:"),
            good("help disk create").out("^Make an empty disk"),
            bad("lits", "unknown command .\"lits.\" for .\"limactl.\"\"\nHint: Did you mean this\\? list"),
            bad("ssh", "Did you mean this\\? shell"),
            bad("list --nonsense", "unknown flag: --nonsense"),
            bad("list --fromat json", "Did you mean --format\\?"),
            bad("list -Z", "unknown shorthand flag: 'Z' in -Z"),
            bad("list --format", "flag needs an argument: --format"),
            bad("--log-level loud list", "not a valid log level: `loud`"),
            bad("--log-format xml list", "unsupported log-format: `xml`"),
            bad("list --yes --tty=true", "cannot use both --tty and --yes"),
            bad("list --tty=perhaps", "invalid argument .\"perhaps.\" for .\"--tty.\" flag"),
            // No instance yet
            good("list")
                    .err("level=warning msg=\"No instance found\\. Run `limactl create` to create an instance\\.\""),
            good("list --json"),
            good("list --log-format=json").err("^\\{\"level\":\"warning\",\"msg\":\"No instance found"),
            good("list --log-level=error"),
            good("list --debug").err("No instance found"),
            good("list --list-fields").out("^AdditionalDisks\nArch\n"),
            bad("list nosuch", "unmatched instances"),
            good("delete nosuch").err("Ignoring non-existent instance `nosuch`"),
            bad("stop nosuch", "`nosuch` does not exist"),
            bad("stop -f nosuch", "`nosuch` does not exist"),
            bad("stop --force nosuch", "`nosuch` does not exist"),
            bad("restart nosuch", "`nosuch` does not exist"),
            bad("shell", "requires instance name as first argument"),
            bad("shell nosuch", "`nosuch` does not exist, run `limactl create nosuch` to create a new instance"),
            bad("copy a", "requires at least 2 arg\\(s\\), only received 1"),
            bad("copy nosuch:/a HOME", "`nosuch` does not exist"),
            bad("copy 'a/b:c' '-x:/y'", "unknown shorthand flag"),
            bad("clone nosuch other", "`nosuch` does not exist"),
            bad("clone nosuch", "accepts 2 arg\\(s\\), received 1"),
            bad("rename nosuch other", "`nosuch` does not exist"),
            bad("rename a b c", "accepts 2 arg\\(s\\), received 3"),
            bad("protect nosuch", "`nosuch` does not exist"),
            bad("unprotect nosuch", "`nosuch` does not exist"),
            bad("protect", "requires at least 1 arg"),
            bad("unprotect", "requires at least 1 arg"),
            bad("show-ssh nosuch", "`nosuch` does not exist"),
            bad("tunnel nosuch", "`nosuch` does not exist"),
            bad("tunnel --type http nosuch", "unknown tunnel type: `http`"),
            bad("tunnel --socks-port 80 nosuch", "invalid argument .\"80.\" for .\"--socks-port.\" flag"),
            bad("snapshot create nosuch --tag a", "`nosuch` does not exist"),
            bad("snapshot list nosuch", "`nosuch` does not exist"),
            good("factory-reset nosuch").err("`nosuch` not found"),
            // An instance
            good("create --tty=false --name small HOME/small.yaml").err("Run `limactl start small` to start"),
            bad("create --tty=false --name small HOME/small.yaml", "instance `small` already exists"),
            bad("create --tty=false --name 'a b' HOME/small.yaml", "instance name `a b` is not valid"),
            bad("create --tty=false HOME/missing.yaml", "missing\\.yaml"),
            bad("create --tty=false --name huge HOME/huge.yaml", "asks for 8.79 TiB of memory, and this host has"),
            bad("create --tty=false --name tiny HOME/tiny.yaml", "tiny\\.yaml:\\d+:\\d+: disk: 1 are 1 bytes, too few"),
            good("create --list-templates").out("^default$"),
            good("list").out("^NAME +STATUS +SSH +VMTYPE +ARCH +CPUS +MEMORY +DISK +DIR\nsmall +Stopped +127.0.0.1:0 "),
            good("ls -q").out("^small\n$"),
            good("list --quiet small").out("^small\n$"),
            good("list --all-fields").out("VMTYPE"),
            good("list --json")
                    .out("^\\{\"name\":\"small\",\"hostname\":\"lima-small\",\"status\":\"Stopped\",\"dir\":\""),
            good("list --format yaml").out("^name: small\nhostname: lima-small\nstatus: Stopped\n"),
            good("list -f '{{.Name}} {{.Status}} {{.CPUs}} {{if .Protected}}p{{else}}u{{end}}'")
                    .out("^small Stopped 1 u\n$"),
            good("list -f '{{json .}}'").out("^\\{\"name\":\"small\""),
            bad("list -f '{{.Nonsense}}'", "can't evaluate field Nonsense"),
            bad("list -f '{{.Name'", "unclosed action"),
            bad("list --json --format table", "option --json conflicts with option --format"),
            bad("list -q --json", "option --quiet can only be used with '--format table'"),
            bad("list --list-fields --json --format yaml", "option --list-fields conflicts with option --format"),
            good("list --filter '.name == \"small\"' -q").out("^small\n$"),
            good("list -l '.cpus > 7' -q"),
            good("list --yq '.name, .cpus'").out("^small 1\n$"),
            bad("list --yq .name --format table", "option --yq only works with --format json or yaml"),
            bad("list --yq '.name |'", "."),
            // Changes of a configuration
            good("create --tty=false --name flags" + CHANGES + NEW + " HOME/param.yaml")
                    .err("experimental"),
            good("list --yq '[.config.env.FOO, .config.param.KEY, .config.mounts[0].writable]' flags")
                    .out("^\\[\"x\",\"value\",true\\]$"),
            bad("create --tty=false --name odd" + ODD + " HOME/param.yaml", "."),
            bad("start --tty=false --name odd" + ODD + " HOME/param.yaml", "."),
            good("edit flags --tty=false --start=false" + CHANGES),
            bad("edit flags --tty=false" + ODD_CHANGES, "."),
            bad("edit nosuch --cpus 1", "`nosuch` not found|`nosuch` does not exist"),
            bad("edit flags --cpus=-1", "error while processing flag `cpus`"),
            good("clone flags flags2 --start=false" + CHANGES),
            bad("clone flags flags3" + ODD_CHANGES, "."),
            good("rename flags2 flags4 --start=false" + CHANGES),
            bad("rename flags4 flags5" + ODD_CHANGES, "."),
            bad("restart nosuch --force --progress --timeout 1m" + CHANGES + ODD_CHANGES, "`nosuch` does not exist"),
            good("delete -f flags flags3 flags4 flags5").err("Deleted `flags`"),
            good("create --list-drivers").out("^qemu$"),
            good("start --list-templates").out("^default$"),
            good("start --list-drivers").out("^qemu$"),
            bad("start --tty=false --timeout soon small", "invalid duration"),
            // Templates
            good("validate HOME/small.yaml").err("`.*small.yaml`: OK"),
            good("validate --fill HOME/small.yaml").out("^cpus: 1$"),
            bad("validate HOME/missing.yaml", "missing\\.yaml"),
            good("template validate HOME/small.yaml").err("OK"),
            good("template validate --fill HOME/small.yaml").out("^cpus: 1$"),
            good("template copy HOME/small.yaml -").out("^cpus: 1$"),
            good("template copy --embed HOME/small.yaml -").out("^cpus: 1$"),
            good("template copy --embed-all HOME/small.yaml -").out("^cpus: 1$"),
            good("template copy --fill HOME/small.yaml -").out("^cpus: 1$"),
            good("template copy --verbatim HOME/small.yaml -").out("^cpus: 1$"),
            good("template yq HOME/small.yaml .cpus").out("^1$"),
            good("yq .cpus HOME/small.yaml").out("^1$"),
            good("yq eval .memory HOME/small.yaml").out("^128MiB$"),
            good("yq --output-format json --indent 0 .images HOME/small.yaml")
                    .out("^\\[\\{\"location\":\"[^\"]+\"\\}\\]$"),
            good("yq -o json -r .memory HOME/small.yaml").out("^128MiB$"),
            good("yq -o json --unwrapScalar=false .memory HOME/small.yaml").out("^\"128MiB\"$"),
            good("yq --null-input --prettyPrint '.a.b = 1'").out("^a:\n +b: 1$"),
            good("yq --version").out("^yq .*mikefarah.* version v4"),
            bad("yq --exit-status '.images[] | select(.nothing)' HOME/small.yaml", "no matches found"),
            bad("yq --inplace .cpus=3", "write in place flag only applicable"),
            bad("yq .a HOME/nosuch.yaml", "cannot read"),
            bad("yq --indent x . HOME/small.yaml", "for .\"-I, --indent.\" flag"),
            good("template url template:debian").out("debian\\.yaml|template:debian"),
            // Networks
            good("network list").out("^NAME +MODE +GATEWAY +INTERFACE\nbridged +bridged +- +en0\n"),
            good("network ls --json user-v2").out("^\\{\"name\":\"user-v2\",\"mode\":\"user-v2\","),
            good("network list --json").out("^\\{\"name\":\"bridged\""),
            good("network create mine --gateway 192.168.150.1"),
            good("network create bridge2 --mode bridged --interface eth0"),
            good("network list mine bridge2").out("^mine +user-v2 +192.168.150.1/24 +-\nbridge2 +bridged +- +eth0$"),
            bad("network create mine --gateway 192.168.151.1", "network `mine` already exists"),
            bad("network create a/b --gateway 192.168.151.1", "network name `a/b` is not valid"),
            bad("network create other --mode foo --gateway 192.168.151.1", "network mode `foo` is not known"),
            bad("network create other", "needs a gateway"),
            bad("network create other --mode bridged", "needs an interface"),
            bad("network create other --gateway 127.0.0.1", "is no address for a network"),
            bad("network create other --gateway 10.0.0.1/x", "not a length of a prefix"),
            bad("network delete mine", "needs --force"),
            good("network delete --force mine bridge2"),
            good("network rm -f nosuch").err("Ignoring non-existent network `nosuch`"),
            bad("network lsit", "Did you mean this\\? list"),
            // Ports
            bad("mount list nosuch", "`nosuch` does not exist"),
            bad("mount list --json nosuch", "`nosuch` does not exist"),
            bad("mount list", "accepts 1 arg"),
            bad("mount add nosuch HOME --mount-point /m --writable --sftp-driver builtin", "`nosuch` does not exist"),
            bad("mount add nosuch", "accepts 2 arg"),
            bad("mount add nosuch HOME -w", "`nosuch` does not exist"),
            bad("mount remove nosuch /m", "`nosuch` does not exist"),
            bad("mount remove nosuch", "accepts 2 arg"),
            bad("port list nosuch", "nosuch"),
            bad("port ls --json nosuch", "nosuch"),
            bad("port list --json nosuch", "nosuch"),
            bad("port lsit", "Did you mean this\\? list"),
            // Around
            bad("sudoers", "sudoers command is only supported on macOS right now"),
            bad("sudoers --check HOME/x", "sudoers command is only supported on macOS right now"),
            bad("watch nosuch", "`nosuch` does not exist"),
            bad("watch --json --history --verbose nosuch", "`nosuch` does not exist"),
            bad("autostart enable nosuch", "`nosuch` does not exist"),
            bad("autostart enable --condition boot small", "autostart condition `boot` is not supported here"),
            good("autostart disable small").err("is not started at login"),
            good("start-at-login nosuch --enabled").err("start-at-login.* is deprecated"),
            good("prune --keep-referred").err("Removed 0 entries"),
            good("prune").err("Removed \\d+ entries"),
            good("info --yq .hostOS").out("^linux$"),
            good("info --yq '.drivers[0].state'").out("^active$"),
            good("generate-doc --type man HOME/_man"),
            bad("generate-doc --type html HOME/_man", "cannot be made"),
            // Protection, copies
            good("protect small").err("Protected `small`"),
            good("protect small").err("Instance `small` is already protected\\. Skipping\\."),
            bad("delete small", "instance is protected to prohibit accidental removal"),
            bad("delete -f small", "instance is protected to prohibit accidental removal"),
            bad("factory-reset small", "instance is protected"),
            good("list -f '{{.Protected}}'").out("^true\n$"),
            good("clone small second --start=false"),
            bad("clone small second", "instance `second` already exists"),
            bad("clone small small", "the new name is the old one"),
            good("list -f '{{.Name}} {{.Protected}}'").out("^second false\nsmall true\n$"),
            good("rename small third --start=false"),
            good("list -f '{{.Name}} {{.Protected}}'").out("^second false\nthird true\n$"),
            good("rename third small"),
            good("unprotect small").err("Unprotected `small`"),
            good("unprotect small").err("Instance `small` isn't protected\\. Skipping\\."),
            // In the wrong state
            bad("stop second", "expected status `Running`, got `Stopped`"),
            bad("shell second true", "instance `second` is stopped, run `limactl start second` to start"),
            bad("copy second:/a HOME", "instance `second` is stopped"),
            bad("tunnel second", "instance `second` is stopped"),
            bad("show-ssh second", "has no ssh\\.config yet"),
            bad("show-ssh -f nonsense second", "unknown format `nonsense`"),
            good("delete second").err("Deleted `second`"),
            // Snapshots of a disk
            good("snapshot create small --tag first").err("Made snapshot `first`"),
            good("snapshot save small --tag second"),
            good("snapshot list small").out("^ID +TAG.*\n1 +first .*\n2 +second "),
            good("snapshot ls -q small").out("^first\nsecond\n$"),
            good("snapshot list --quiet small").out("^first\nsecond\n$"),
            good("snapshot apply small --tag first").err("Applied snapshot `first`"),
            bad("snapshot apply small --tag nosuch", "there is no snapshot `nosuch`"),
            good("snapshot delete small --tag first").err("Deleted snapshot `first`"),
            bad("snapshot delete small --tag first", "there is no snapshot `first`"),
            bad("snapshot create small", "expected tag"),
            bad("snapshot create small --tag 'a b'", "snapshot tag `a b` is not valid"),
            good("snapshot").out("^  apply +"),
            bad("snapshot nonsense", "unknown command .\"nonsense.\" for .\"limactl snapshot.\""),
            // Disks
            good("disk list").out("^NAME +SIZE +FORMAT +DIR +IN-USE-BY\n$").err("No disk found"),
            good("disk create data --size 10MiB").err("Created disk `data` of 10MiB"),
            good("disk create plain --size 1.5M --format raw"),
            bad("disk create data --size 10MiB", "disk `data` already exists"),
            bad("disk create other", "required flag\\(s\\) .\"size.\" not set"),
            bad("disk create other --size many", "invalid argument .\"many.\" for .\"--size.\" flag"),
            bad("disk create other --size 1", "too small to be of use"),
            bad("disk create other --size 1G --format vdi", "disk format `vdi` is not supported"),
            bad("disk create 'a b' --size 1G", "disk name `a b` is not valid"),
            good("disk ls").out("^data +10MiB +qcow2 +\\S+ +\nplain +1.5MiB +raw "),
            good("disk list --json data")
                    .out("^\\{\"name\":\"data\",\"size\":10485760,\"format\":\"qcow2\",\"dir\":\""),
            good("disk list nosuch").out("^NAME").err("No disk matching nosuch found"),
            good("disk resize data --size 20MiB").err("Resized disk `data` to 20MiB"),
            bad("disk resize data --size 10MiB", "less than the current disk size"),
            bad("disk resize nosuch --size 10MiB", "disk `nosuch` does not exist"),
            good("disk import third HOME/empty.raw").err("as disk `third`"),
            bad("disk import third HOME/empty.raw", "already exists"),
            bad("disk import fourth HOME/missing", "there is no file"),
            good("disk unlock data").err("is not locked"),
            bad("disk unlock nosuch", "`nosuch` does not exist"),
            good("create --tty=false --name withdisk HOME/withdisk.yaml"),
            good("disk delete data").err("Skipping disk `data`: lima.yaml of withdisk names it"),
            good("disk delete --force data").err("Deleted disk `data`"),
            bad("start withdisk", "wants disk `data`, and there is none of that name"),
            bad("start --foreground withdisk", "wants disk `data`"),
            good("disk rm nosuch").err("Ignoring non-existent disk `nosuch`"),
            good("disk remove -f plain third"),
            good("disk").out("^  create +Make an empty disk$"),
            bad("disk lsit", "unknown command .\"lsit.\" for .\"limactl disk.\"\"\nHint: Did you mean this\\? list"),
            // Help and completion
            good("completion bash").out("complete -F _limactl limactl"),
            good("completion zsh").out("compdef _limactl limactl"),
            good("completion fish").out("complete -c limactl"),
            bad("completion bsh", "Did you mean bash or zsh\\?"),
            bad("completion", "accepts 1 arg\\(s\\), received 0"),
            good("__complete st").out("^start\tStart an instance.*\nstop\t"),
            good("__complete disk cr").out("^create\t.*\n:4\n$"),
            good("__complete stop ''").out("^small\tStopped\nwithdisk\tStopped\n:4\n$"),
            good("__complete list --format ''").out("^json\ntable\nyaml\n"),
            good("__complete list --format=j").out("^--format=json\n"),
            good("__complete list --fo").out("^--format\t"),
            good("__complete --lo").out("^--log-format\t.*\n--log-level\t"),
            // The daemon
            good("daemon status").out("^machines:  none$"),
            good("daemon log").out("."),
            good("daemon log --all").out("."),
            bad("daemon nonsense", "unknown word `nonsense`"),
            good("console lb").out("io\\.jlima\\.cli|jlima"),
            good("info").out("\"vmTypes\": \\["),
            good("info --yq .mountType.name").out("^(9p|reverse-sshfs)$"),
            good("delete --force small withdisk").err("Deleted `small`"));

    /** With a guest: {@code vm} runs. */
    static final List<CommandCase> GUEST = List.of(
            good("list vm").out("^vm +Running +127\\.0\\.0\\.1:\\d+ +qemu "),
            good("list --filter '.status == \"Running\"' --yq .name").out("^vm$"),
            good("list --json")
                    .out("\"additionalDisks\":\\[.*\"message\":\"Hello from vm\\.\"|\"message\":\"Hello from vm\\."),
            // Shells
            good("shell vm echo 'a  b' '$USER' 'it\\n'").out("^a  b \\$USER it.n$"),
            good("shell vm A=x 'B=c d' printenv A B").out("^x\nc d\n$"),
            good("shell vm sh -c 'exit 7'").code(7),
            good("shell vm cat").fed("through\n").out("^through$"),
            good("shell --workdir /tmp vm pwd").out("^/tmp$"),
            good("shell --workdir /nosuch vm pwd").code(1),
            good("shell --shell /bin/sh vm echo hi").out("^hi$"),
            good("shell --instance vm -- echo --all").out("^--all$"),
            good("shell --preserve-env vm env").out("^LIMA_HOME="),
            good("shell --reconnect vm echo again").out("^again$"),
            good("shell --start vm true"),
            bad("shell --sync HOME/_files --workdir /tmp vm true", "cannot use both --sync and --workdir"),
            bad("shell --sync / vm true", "too near to the root"),
            bad("shell --sync HOME/nosuch vm true", "is no directory"),
            // Copies
            good("copy HOME/_files/file vm:/tmp/one"),
            good("copy --verbose HOME/_files/file vm:"),
            good("shell vm cat /tmp/one file").out("^content\ncontent\n$"),
            good("copy -r HOME/_files/dir vm:/tmp/dir"),
            good("copy --recursive vm:/tmp/dir HOME/_files/back"),
            good("copy --backend scp vm:/tmp/one HOME/_files/one"),
            bad("copy --backend nonsense vm:/tmp/one HOME/x", "no such tool"),
            bad("copy HOME/_files/dir vm:/tmp", "is a directory"),
            bad("copy HOME/_files/file HOME/_files/one vm:/tmp/nosuch", "is no directory, so it cannot take"),
            // Ways in
            good("show-ssh vm")
                    .out("^ssh -F /dev/null -o Hostname=127\\.0\\.0\\.1 .* lima-vm$")
                    .err("deprecated"),
            good("show-ssh --format options vm").out("^Port=\\d+$"),
            good("show-ssh -f args vm").out("^-o Hostname="),
            good("show-ssh -f config vm").out("^Host lima-vm\n  Hostname 127"),
            good("tunnel --type socks --socks-port 0 vm").out("ALL_PROXY=socks5h://127\\.0\\.0\\.1:\\d+"),
            // In the wrong state
            good("start vm --timeout 5m --progress" + CHANGES + NEW).err("is already running"),
            bad("delete vm", "expected status `Stopped`, got `Running`"),
            bad("clone vm other", "expected status `Stopped`, got `Running`"),
            bad("rename vm other", "expected status `Stopped`, got `Running`"),
            bad("edit vm --cpus 2", "cannot edit a running instance"));

    static Stream<CommandCase> all() {
        return Stream.concat(ALONE.stream(), GUEST.stream());
    }
}
