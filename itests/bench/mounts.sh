#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the figures of mounts for docs/benchmarks.md, in a guest that runs. Prints a row of the table for each mount.
#   mounts.sh LIMACTL INSTANCE MOUNT-POINT...      each must be writable and empty enough: 300 MiB
# Needs git and python3 in the guest. MIB, FILES and DIRS in the environment make it smaller: 256, 2000, 100 of 50 files.
set -eu

limactl=$1
instance=$2
shift 2
mib=${MIB:-256}
files=${FILES:-2000}
dirs=${DIRS:-100}

# What runs in the guest. Caches are dropped before each reading, so that the host is asked.
program=$(cat <<'PYTHON'
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

tree = os.path.join(base, "tree")

def status():
    subprocess.run(["git", "-C", tree, "-c", "safe.directory=*", "status", "--porcelain"], check=True,
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
row.append("%.1f" % timed(create))
drop()
row.append("%.1f" % timed(stat))
row.append("%.1f" % timed(remove))
shutil.copytree("/tmp/bench-tree", tree, symlinks=True) if not os.path.isdir(tree) else None
status()
drop()
row.append("%.1f" % timed(status))
drop()
row.append("%.1f" % timed(find))
print("| %s | %s |" % (root, " | ".join(row)))
shutil.rmtree(base)
PYTHON
)

# A tree of 5 000 files, made once on the guest's own disk.
# shellcheck disable=SC2016 # for the shell in the guest
"$limactl" shell --workdir / "$instance" sh -c '[ -d /tmp/bench-tree ] || {
    mkdir /tmp/bench-tree && cd /tmp/bench-tree && git init -q . && i=0
    while [ $i -lt "$1" ]; do
        mkdir d$i; j=0
        while [ $j -lt 50 ]; do echo $i $j >d$i/f$j; j=$((j + 1)); done
        i=$((i + 1))
    done
    git add . && git -c user.name=u -c user.email=u@example.com commit -q -m tree
}' sh "$dirs"
echo "| mount | write $mib MiB, MB/s | read, MB/s | 4 KiB reads a second | create $files, s | stat, s | delete, s | git status, s | find, s |"
echo '|---|---|---|---|---|---|---|---|---|'
for point; do
    printf '%s\n' "$program" | "$limactl" shell --workdir / "$instance" python3 - "$point" "$mib" "$files"
done
