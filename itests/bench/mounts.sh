# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Mounts: every type in one guest, by turns, all showing the same directory, then what has to do with time lost and
# memory. Sourced by bench.sh. virtiofs is left out unless root runs this.
#   MIB, FILES, DIRS   make it smaller: 256, 2000, and 100 directories of 50 files
#   VIRTIOFSD          a second virtiofsd
#   BIG, CYCLES        size of the file that is read and number of openings while memory is looked at: 4096 MiB, 10000
#   ONLY               names of rows, with blanks; "-" for none
#   ROUNDS             of everything that Mounts.java takes: 5
#   PARTS              of Mounts.java, with blanks; "-" for none

: "${work:?}" "${limactl:?}" "${java:?}" "${here:?}"
mib=${MIB:-256}
files=${FILES:-2000}
dirs=${DIRS:-100}
share=$work/share
mkdir "$share"

# A tree of small files under git, and what is written by the guest's user beside it.
mkdir "$share/tree" && (
    cd "$share/tree" && git init -q . && d=0
    while [ "$d" -lt "$dirs" ]; do
        mkdir "d$d"; f=0
        while [ "$f" -lt 50 ]; do echo "$d $f" >"d$d/f$f"; f=$((f + 1)); done
        d=$((d + 1))
    done
    git add . && git -c user.name=u -c user.email=u@example.com commit -q -m tree
)
echo note >"$share/note"
chmod 755 "$work" "$share"
[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$share"

# The machine gets devices that its lima.yaml does not tell of: an instance has one mount type.
extra="-virtfs local,path=$share,mount_tag=nine,security_model=mapped-xattr,id=nine"
extra="$extra -virtfs local,path=$share,mount_tag=plain,security_model=none,id=plain"
rows="openssh-ssh builtin-ssh openssh-direct builtin-direct 9p 9p-none"
daemons=
n=0
if [ "$(id -u)" = 0 ]; then
    extra="$extra -machine q35,vmport=off,memory-backend=shared"
    extra="$extra -object memory-backend-memfd,id=shared,size=1024M,share=on"
    for program in /usr/lib/qemu/virtiofsd "${VIRTIOFSD:-}"; do
        [ -x "$program" ] || continue
        n=$((n + 1))
        case $("$program" --help 2>&1) in
        *--shared-dir*) options="--shared-dir=$share --sandbox=namespace" ;;
        *) options="-f -o source=$share" ;;
        esac
        # shellcheck disable=SC2086 # several words
        setsid "$program" --socket-path="$work/fs$n" $options >"$work/fs$n.log" 2>&1 &
        daemons="$daemons $!"
        until_true 20 grep -q "$work/fs$n\$" /proc/net/unix
        extra="$extra -chardev socket,id=fs$n,path=$work/fs$n -device vhost-user-fs-pci,chardev=fs$n,tag=fs$n"
        rows="$rows virtiofs$n"
    done
fi

# Arguments: directory, mount point, server, and options for sshfs: mounts whose options differ are by an sshfs of their own.
mount_line() {
    echo "- {location: \"$1\", mountPoint: /mnt/$2, writable: true, sshfs: {sftpDriver: $3${4:+, $4}}}"
}
{
    echo 'images: [{location: "debian:bookworm?include=git", arch: x86_64}]'
    echo 'cpus: 1'
    echo 'memory: 1GiB'
    echo 'mountType: reverse-sshfs'
    echo 'containerd: {system: false, user: false}'
    echo 'mounts:'
    mount_line "$share" openssh-ssh openssh-sftp-server
    mount_line "$share" builtin-ssh builtin
    mount_line "$share" openssh-direct openssh-sftp-server
    mount_line "$share" builtin-direct builtin
    for i in 1 2 3 4 5 6 7 8; do
        mkdir "$work/a$i" && echo note >"$work/a$i/note"
        mount_line "$work/a$i" "a$i" builtin "followSymlinks: true"
    done
    mkdir "$work/one" && echo note >"$work/one/note"
    mount_line "$work/one" one builtin "followSymlinks: true, cache: false"
} >"$work/mounts.yaml"
JLIMA_SSHFS_BY_SSH=/mnt/openssh-ssh,/mnt/builtin-ssh QEMU_SYSTEM_X86_64="qemu-system-x86_64 $extra" \
    "$limactl" start --tty=false --name mounts "$work/mounts.yaml" >"$work/start.log" 2>&1 || {
    cat "$work/start.log" >&2
    exit 1
}

inside() { "$limactl" shell --workdir / mounts "$@"; }

# shellcheck disable=SC2016 # for the shell in the guest
inside sudo sh -c 'mkdir /mnt/9p /mnt/9p-none && modprobe 9pnet_virtio &&
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072,cache=mmap nine /mnt/9p &&
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072,cache=mmap plain /mnt/9p-none || exit
    for tag in '"$(seq "$n" | tr '\n' ' ')"'; do mkdir "/mnt/virtiofs$tag" && mount -t virtiofs "fs$tag" "/mnt/virtiofs$tag"; done'

# What runs in the guest. Caches are dropped before each reading, so that the host is asked.
cat >"$work/bench.py" <<'PYTHON'
import os, random, shutil, subprocess, sys, time

root, size, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
base = os.path.join(root, "bench")
shutil.rmtree(base, ignore_errors=True)
os.mkdir(base)

def drop():
    subprocess.run(["sudo", "sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches"], check=True)

def timed(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun

block = random.randbytes(1 << 20)
big = os.path.join(base, "big")

def write():
    with open(big, "wb", buffering=0) as f:
        for _ in range(size):
            f.write(block)
        os.fsync(f.fileno())

def read():
    with open(big, "rb", buffering=0) as f:
        while f.read(1 << 20):
            pass

def some():
    rng = random.Random(1)
    with open(big, "rb", buffering=0) as f:
        for _ in range(500):
            os.pread(f.fileno(), 4096, rng.randrange(size << 8) << 12)

many = os.path.join(base, "many")

def create():
    os.mkdir(many)
    for i in range(files):
        with open(os.path.join(many, "f%d" % i), "w") as f:
            f.write("small\n")

def stat():
    for i in range(files):
        os.stat(os.path.join(many, "f%d" % i))

def remove():
    for i in range(files):
        os.unlink(os.path.join(many, "f%d" % i))

tree = os.path.join(root, "tree")

# The index is the host's, whose inodes and changes of them the guest does not see everywhere.
def status():
    subprocess.run(["git", "-C", tree, "-c", "safe.directory=*", "-c", "core.checkStat=minimal", "-c",
                    "core.trustctime=false", "-c", "core.fileMode=false", "status", "--porcelain"], check=True,
                   stdout=subprocess.DEVNULL)

def find():
    subprocess.run(["find", tree, "-newer", "/etc/hostname", "-name", "nothing"], check=True, stdout=subprocess.DEVNULL)

row = []
row.append("%.1f" % (size / timed(write)))
drop()
row.append("%.1f" % (size / timed(read)))
drop()
row.append("%.0f" % (500 / timed(some)))
os.unlink(big)
row.append("%.0f" % (files / timed(create)))
drop()
row.append("%.0f" % (files / timed(stat)))
row.append("%.0f" % (files / timed(remove)))
drop()
row.append("%.1f" % timed(status))
drop()
row.append("%.1f" % timed(find))
print("| %s | %s |" % (os.path.basename(root), " | ".join(row)))
shutil.rmtree(base)
PYTHON


# 9p with security models that leave links alone is for comparison, see the decisions.
echo "| mount | write $mib MiB, MB/s | read, MB/s | 4 KiB reads/s | $files created/s | stat/s | deleted/s | git status, s | find, s |"
echo '|---|---|---|---|---|---|---|---|---|'
: >"$work/rows"
for row in ${ONLY:-$rows}; do
    [ "$row" != - ] || continue
    inside python3 - "/mnt/$row" "$mib" "$files" <"$work/bench.py" | tee -a "$work/rows"
done

# Ratio of two rows in one column (2 write, 3 read, 4 random, 5 create). Arguments: row, row, column.
of_rows() {
    awk -F ' *[|] *' -v one="$1" -v other="$2" -v column="$3" '
        $2 == one { a = $(column + 1) } $2 == other { b = $(column + 1) }
        END { if (a && b) printf "%.2f", a / b; else printf "-" }' "$work/rows"
}

for row in 9p 9p-none virtiofs1 virtiofs2; do
    grep -q "^| $row |" "$work/rows" || continue
    line "$row to Lima's way (ssh, openssh): read" "x $(of_rows "$row" openssh-ssh 3)" "x 2, if it is the default"
    line "  write" "x $(of_rows "$row" openssh-ssh 2)" "x 2"
    line "  create" "x $(of_rows "$row" openssh-ssh 5)" "x 3"
done
for server in openssh builtin; do
    line "direct to ssh, $server: sequential read" "x $(of_rows "$server-direct" "$server-ssh" 3)" "x 2"
    line "  create" "x $(of_rows "$server-direct" "$server-ssh" 5)" "x 1.5"
done
for transport in ssh direct; do
    line "builtin to openssh, $transport: sequential read" "x $(of_rows "builtin-$transport" "openssh-$transport" 3)" "x 0.9"
    line "  write" "x $(of_rows "builtin-$transport" "openssh-$transport" 2)" "x 0.9"
done

if [ "${PARTS:-}" != - ]; then
    # shellcheck disable=SC2086 # several words
    "$java" -XX:TieredStopAtLevel=1 "$here/Mounts.java" "$limactl" mounts "$share" ${PARTS:-}
fi

"$limactl" stop --force mounts >/dev/null 2>&1
# A virtiofsd ends with its machine.
for daemon in $daemons; do
    wait "$daemon" || :
done
daemons=
