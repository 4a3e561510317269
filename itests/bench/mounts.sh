#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the figures of mounts for docs/benchmarks.md: every mount type in one guest that it makes, by turns, all showing
# the same directory. Prints a row of the table for each.
#   mounts.sh LIMACTL
# Needs QEMU, sshfs's servers and git here, and root for virtiofs, whose row is left out otherwise. MIB, FILES and DIRS in
# the environment make it smaller: 256, 2000, 100 of 50 files. VIRTIOFSD names a second virtiofsd. ONLY names the rows.
set -eu

limactl=$1
mib=${MIB:-256}
files=${FILES:-2000}
dirs=${DIRS:-100}
work=$(mktemp -d /tmp/jlmounts.XXXXXX)
share=$work/share
export LIMA_HOME="$work/h"
mkdir "$share" "$LIMA_HOME"

finish() {
    "$limactl" stop --force b >/dev/null 2>&1 || true
    "$limactl" daemon stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

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
chmod 755 "$work" "$share"
[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$share"

# The machine gets devices that its lima.yaml does not tell of: an instance has one mount type.
extra="-virtfs local,path=$share,mount_tag=nine,security_model=mapped-xattr,id=nine"
rows="openssh-ssh builtin-ssh openssh-direct builtin-direct 9p"
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
        until grep -q "$work/fs$n\$" /proc/net/unix; do sleep 0.1; done
        extra="$extra -chardev socket,id=fs$n,path=$work/fs$n -device vhost-user-fs-pci,chardev=fs$n,tag=fs$n"
        rows="$rows virtiofs$n"
    done
fi

point() {
    echo "- {location: \"$share\", mountPoint: /mnt/$1, writable: true, sshfs: {sftpDriver: $2}}"
}
{
    echo 'images: [{location: "debian:bookworm?include=git", arch: x86_64}]'
    echo 'cpus: 1'
    echo 'memory: 1GiB'
    echo 'mountType: reverse-sshfs'
    echo 'containerd: {system: false, user: false}'
    echo 'mounts:'
    point openssh-ssh openssh-sftp-server
    point builtin-ssh builtin
    point openssh-direct openssh-sftp-server
    point builtin-direct builtin
} >"$work/b.yaml"
JLIMA_SSHFS_BY_SSH=/mnt/openssh-ssh,/mnt/builtin-ssh QEMU_SYSTEM_X86_64="qemu-system-x86_64 $extra" \
    "$limactl" start --tty=false --name b "$work/b.yaml" >"$work/start.log" 2>&1 || { cat "$work/start.log"; exit 1; }

guest() {
    "$limactl" shell --workdir / b "$@"
}
# shellcheck disable=SC2016 # for the shell in the guest
guest sudo sh -c 'mkdir /mnt/9p && modprobe 9pnet_virtio &&
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072,cache=mmap nine /mnt/9p
    for tag in '"$(seq "$n" | tr '\n' ' ')"'; do mkdir "/mnt/virtiofs$tag" && mount -t virtiofs "fs$tag" "/mnt/virtiofs$tag"; done'
"$limactl" mount list b

# What runs in the guest. Caches are dropped before each reading, so that the host is asked.
cat >"$share/bench.py" <<'PYTHON'
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

echo "| mount | write $mib MiB, MB/s | read, MB/s | 4 KiB reads/s | $files created/s | stat/s | deleted/s | git status, s | find, s |"
echo '|---|---|---|---|---|---|---|---|---|'
for row in ${ONLY:-$rows}; do
    guest python3 - "/mnt/$row" "$mib" "$files" <"$share/bench.py"
done
