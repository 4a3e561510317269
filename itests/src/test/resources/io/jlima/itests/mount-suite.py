#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a mounted directory must be able to do, whatever the driver. Run in a guest, by its user, who may use sudo.

mount-suite.py DIRECTORY rw|ro SHA256 SIZE AVAILABLE [SKIPPED-CHECK...]

The directory holds what MountedGuest.directory makes on the host: SHA256 is of its file "data"; SIZE and AVAILABLE are
the bytes of the host's file system.

A line for each check: "ok NAME", "skipped NAME" or "FAIL NAME: reason". The exit code is the number of failures. A line
"left NAME SHA256" tells of a file in the directory that the host is to look at, and to remove.

What is compared is what comes from the host: what the guest's kernel remembers of a file is dropped before.
"""

import errno
import hashlib
import mmap
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback


def put(path, data, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o644):
    fd = os.open(path, flags, mode)
    try:
        while data:
            data = data[os.write(fd, data):]
    finally:
        os.close(fd)


def get(path):
    with open(path, "rb") as file:
        forget(file.fileno())
        return file.read()


def forget(fd):
    """Drops what this kernel remembers of a file's content, so that it asks again."""
    if writable:
        os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def forget_all():
    """The same of every file, with names and attributes; what a driver's own process remembers is not the kernel's."""
    os.sync()
    subprocess.run(["sudo", "-n", "sh", "-c", "echo 3 >/proc/sys/vm/drop_caches"], check=True)


def listed(path):
    """The sorted names in a directory, without those that libfuse before 3.15 forgets: it hides a file that is removed
    while it is open, and may miss that it is closed at that very moment (libfuse issue 746)."""
    return sorted(name for name in os.listdir(path) if not name.startswith(".fuse_hidden"))


def becomes_empty(path):
    """fuse removes a file that was open when the last has closed it, and is told of that after the one who did."""
    end = time.monotonic() + 60
    while os.listdir(path) and time.monotonic() < end:
        time.sleep(0.02)
    return not os.listdir(path)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        forget(file.fileno())
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def together(*calls):
    """Runs each in a process of its own, and wants all of them to succeed."""
    children = []
    for call in calls:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                call()
                code = 0
            except BaseException:
                traceback.print_exc(file=sys.stdout)
                sys.stdout.flush()
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert not any(codes), codes


def fails(call, *args):
    """The error that the call ends with; an error of its own if it does not."""
    try:
        call(*args)
    except OSError as e:
        return e.errno
    raise AssertionError("%s%r succeeded" % (call.__name__, args))


class Readable:
    """What every mount can do: show what is on the host."""

    def __init__(self, root, digest, size, available):
        self.root = root
        self.digest = digest
        self.size = size
        self.available = available

    def at(self, name):
        return os.path.join(self.root, name)

    def check_host_reads(self):
        assert get(self.at("note")) == b"from the host\n"
        assert get(self.at("deep/er/file")) == b"deep\n"
        assert fails(os.stat, self.at("deep/none")) == errno.ENOENT

    def check_host_data(self):
        """Some MiB that the guest has not made, in large pieces, in small ones, and from places inside."""
        path = self.at("data")
        assert sha256(path) == self.digest
        data = get(path)
        assert hashlib.sha256(data).hexdigest() == self.digest and len(data) == os.stat(path).st_size
        rng = random.Random(1)
        fd = os.open(path, os.O_RDONLY)
        for size in 1, 4096, 4097, 65536, 131073, 262145, 1 << 20:
            forget(fd)
            at = rng.randrange(len(data) - size)
            assert os.pread(fd, size, at) == data[at:at + size], (size, at)
        assert os.pread(fd, 100, len(data) - 3) == data[-3:]
        assert os.pread(fd, 100, len(data) + 5) == b""
        os.close(fd)

    def check_host_data_for_many(self):
        """Several processes read it at once, each from its own places."""
        data = get(self.at("data"))

        def read(number):
            rng = random.Random(number)
            fd = os.open(self.at("data"), os.O_RDONLY)
            for _ in range(12):
                forget(fd)
                size = rng.randrange(1, 150000)
                at = rng.randrange(len(data) - size)
                assert os.pread(fd, size, at) == data[at:at + size], (number, size, at)

        together(*[lambda n=n: read(n) for n in range(4)])

    def check_host_beyond_4_gib(self):
        at = (1 << 32) + 12345
        path = self.at("far")
        assert os.stat(path).st_size == at + 7
        fd = os.open(path, os.O_RDONLY)
        assert os.pread(fd, 100, at - 3) == b"\0\0\0far out"
        assert os.pread(fd, 10, (1 << 32) - 5) == bytes(10)
        assert os.pread(fd, 10, at + 7) == b""
        assert os.lseek(fd, -7, os.SEEK_END) == at and os.read(fd, 100) == b"far out"
        os.close(fd)

    def check_host_mmap(self):
        data = get(self.at("data"))
        with open(self.at("data"), "rb") as file:
            for kind in mmap.MAP_SHARED, mmap.MAP_PRIVATE:
                forget(file.fileno())
                with mmap.mmap(file.fileno(), 0, flags=kind, prot=mmap.PROT_READ) as view:
                    for at in len(data) - 1, 0, 131072, 65535:
                        assert view[at] == data[at], at
                    assert view[:] == data
        with open(self.at("far"), "rb") as file:
            with mmap.mmap(file.fileno(), 12352, prot=mmap.PROT_READ, offset=1 << 32) as view:
                assert view[12340:] == b"\0\0\0\0\0far out"

    def check_host_links(self):
        assert os.readlink(self.at("link")) == "note" and get(self.at("link")) == b"from the host\n"
        assert stat.S_ISLNK(os.lstat(self.at("link")).st_mode)
        assert os.readlink(self.at("links/dangling")) == "nowhere/at all"
        assert fails(os.stat, self.at("links/dangling")) == errno.ENOENT
        # They mean what they mean in the guest.
        assert get(self.at("links/absolute")) == get("/etc/hostname")
        assert get(self.at("links/up")) == b"from the host\n"
        assert get(self.at("links/directory/er/file")) == b"deep\n"

    def check_host_facts(self):
        forget_all()
        for mode in 0o600, 0o640, 0o755, 0o444:
            facts = os.stat(self.at("facts/%o" % mode))
            assert stat.S_ISREG(facts.st_mode) and stat.S_IMODE(facts.st_mode) == mode, oct(facts.st_mode)
            assert int(facts.st_mtime) == 1234567890 and facts.st_size == mode, facts
        facts = os.stat(self.at("facts/directory"))
        assert stat.S_ISDIR(facts.st_mode) and stat.S_IMODE(facts.st_mode) == 0o751, oct(facts.st_mode)
        assert int(facts.st_mtime) == 1234567890, facts

    def check_host_names(self):
        """What a list of them shows, and that each leads to its file, which holds its name."""
        here = os.fsencode(self.at("names"))
        names = os.listdir(here)
        assert sorted(names) == sorted(set(names)) and len(names) == 12, names
        for name in b"new\nline", b"caf\xe9 \xff\xfe", " gr\u00fc\u00dfe \u2713 \U0001d11e ".encode(), b"n" * 255:
            assert name in names, name
        for name in names:
            assert get(here + b"/" + name) == name, name

    def check_host_entries(self):
        names = os.listdir(self.at("many"))
        assert len(names) == 10000 and len(set(names)) == 10000, len(names)
        assert "entry-09999" in names
        forget_all()
        with os.scandir(self.at("many")) as entries:
            assert sum(e.is_file(follow_symlinks=False) for e in entries) == 10000

    def check_host_space(self):
        v = os.statvfs(self.root)
        size, available = v.f_frsize * v.f_blocks, v.f_frsize * v.f_bavail
        assert abs(size - self.size) <= self.size // 100, (size, self.size)
        # Others write to the host's disk meanwhile.
        assert abs(available - self.available) <= self.size // 10, (available, self.available)
        assert v.f_bavail <= v.f_bfree <= v.f_blocks and v.f_namemax >= 255, v

    def check_host_git(self):
        """A repository of the host's is cloned out of it."""
        with tempfile.TemporaryDirectory() as own:
            git = Git(own)
            git("clone", "-q", "--no-local", self.at("repository"), own + "/copy")
            git("-C", own + "/copy", "fsck", "--full", "--strict")
            assert git("-C", own + "/copy", "rev-list", "--count", "HEAD") == b"2\n"
            git("-C", self.at("repository"), "fsck", "--full", "--strict")


class Git:
    """git, to which it is another check's business whose the files are."""

    def __init__(self, own):
        put(own + "/config", b"[safe]\n directory = *\n[user]\n name = u\n email = u@example.com\n")
        self.env = dict(os.environ, GIT_CONFIG_GLOBAL=os.path.abspath(own + "/config"))

    def __call__(self, *words):
        return subprocess.run(("git",) + words, check=True, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout


class Writable(Readable):
    def leave(self, path, name):
        """Gives a file to the host, to look at."""
        digest = sha256(path)
        os.rename(path, self.at(name))
        print("left", name, digest, flush=True)

    def check_read_write(self):
        for size in 0, 1, 4095, 4096, 65536, 65537, 3 * 1024 * 1024 + 17:
            data = random.Random(size).randbytes(size)
            put("f", data)
            assert get("f") == data, size
            assert os.stat("f").st_size == size
        self.leave("f", "written")

    def check_overwrite_inside(self):
        put("f", b"a" * 100000)
        fd = os.open("f", os.O_RDWR)
        os.pwrite(fd, b"XYZ", 65534)
        assert os.pread(fd, 5, 65533) == b"aXYZa"
        os.close(fd)
        assert get("f") == b"a" * 65534 + b"XYZ" + b"a" * (100000 - 65537)

    def check_append(self):
        put("f", b"one ")
        put("f", b"two ", os.O_WRONLY | os.O_APPEND)
        put("f", b"three", os.O_WRONLY | os.O_APPEND)
        assert get("f") == b"one two three"

    def check_truncate(self):
        put("f", b"0123456789")
        os.truncate("f", 4)
        assert get("f") == b"0123"
        os.truncate("f", 8)
        assert get("f") == b"0123\0\0\0\0"
        with open("f", "r+b") as file:
            file.truncate(2)
            assert os.fstat(file.fileno()).st_size == 2
        put("f", b"x")
        assert get("f") == b"x"

    def check_rename(self):
        put("a", b"new")
        put("b", b"old")
        os.rename("a", "b")
        assert get("b") == b"new" and not os.path.exists("a")
        os.mkdir("d1")
        put("d1/f", b"1")
        os.mkdir("d2")
        os.rename("d1", "d2/inner")
        assert get("d2/inner/f") == b"1" and not os.path.exists("d1")
        assert fails(os.rename, "none", "other") == errno.ENOENT

    def check_unlink_while_open(self):
        put("f", b"still here")
        with open("f", "r+b", buffering=0) as file:
            os.unlink("f")
            assert not os.path.exists("f")
            assert file.read() == b"still here"
            file.write(b" and more")
            file.seek(0)
            assert file.read() == b"still here and more"
        assert becomes_empty("."), os.listdir(".")

    def check_unlinked_file_is_known(self):
        put("f", b"123456")
        fd = os.open("f", os.O_RDWR)
        os.unlink("f")
        assert os.fstat(fd).st_size == 6
        os.ftruncate(fd, 3)
        assert os.fstat(fd).st_size == 3 and os.pread(fd, 10, 0) == b"123"
        os.close(fd)

    def check_symlink(self):
        put("f", b"target")
        os.symlink("f", "l")
        os.symlink("nowhere/at all", "dangling")
        assert os.readlink("l") == "f" and get("l") == b"target"
        assert os.readlink("dangling") == "nowhere/at all"
        assert fails(os.stat, "dangling") == errno.ENOENT
        assert stat.S_ISLNK(os.lstat("dangling").st_mode)
        os.unlink("l")
        assert get("f") == b"target"
        # They mean what they mean in the guest.
        os.symlink("/etc/hostname", "absolute")
        assert get("absolute") == get("/etc/hostname")
        os.mkdir("d")
        os.symlink("../f", "d/up")
        assert get("d/up") == b"target"

    def check_hard_link(self):
        put("f", b"1")
        os.link("f", "g")
        put("g", b"22", os.O_WRONLY | os.O_TRUNC)
        os.unlink("f")
        assert get("g") == b"22"

    def check_permissions(self):
        put("f", b"")
        for mode in 0o600, 0o755, 0o444, 0o640:
            os.chmod("f", mode)
            assert stat.S_IMODE(os.stat("f").st_mode) == mode, oct(mode)

    def check_modes_at_birth(self):
        """OpenSSH's server applies the mask of its own process on top, so it is spared this one."""
        old = os.umask(0)
        try:
            put("g", b"", mode=0o666)
            os.mkdir("d", 0o777)
        finally:
            os.umask(old)
        assert stat.S_IMODE(os.stat("g").st_mode) == 0o666
        assert stat.S_IMODE(os.stat("d").st_mode) == 0o777

    def check_times(self):
        put("f", b"")
        os.utime("f", (1000000000, 1234567890))
        assert int(os.stat("f").st_mtime) == 1234567890
        assert int(os.stat("f").st_atime) == 1000000000
        os.mkdir("d")
        os.utime("d", (1000000000, 1234567890))
        assert int(os.stat("d").st_mtime) == 1234567890
        # A change shows in the time.
        put("f", b"x", os.O_WRONLY)
        assert os.stat("f").st_mtime > 1234567890

    def check_owner_is_the_user(self):
        put("f", b"")
        os.mkdir("d")
        assert os.stat("f").st_uid == os.getuid(), os.stat("f").st_uid
        assert os.stat("d").st_uid == os.getuid()
        os.chown("f", os.getuid(), -1)

    def check_beyond_4_gib(self):
        at = (1 << 32) + 12345
        fd = os.open("f", os.O_RDWR | os.O_CREAT)
        assert os.pwrite(fd, b"far out", at) == 7
        os.fsync(fd)
        assert os.fstat(fd).st_size == at + 7
        assert os.pread(fd, 100, at - 3) == b"\0\0\0far out"
        os.close(fd)
        assert os.stat("f").st_size == at + 7
        os.truncate("f", (1 << 32) + 1)
        assert os.stat("f").st_size == (1 << 32) + 1

    def check_names(self):
        names = [
            b"two words", b" edges ", b"new\nline", b"tab\t", "gr\u00fc\u00dfe \u2713 \U0001d11e".encode(),
            b"it's \"quoted\"", b"$HOME `id`", b"back\\slash", b"-n", b"*?[a]", b"n" * 255, "\u00e4".encode() * 127,
        ]
        for name in names + [b"caf\xe9 \xff\xfe"]:
            path = os.fsencode(os.getcwd()) + b"/" + name
            put(path, name)
            assert name in os.listdir(os.fsencode(os.getcwd())), name
            assert get(path) == name
            os.unlink(path)
        for name in "Case", "case", "CASE":
            put(name, name.encode())
        assert listed(".") == ["CASE", "Case", "case"] and get("Case") == b"Case" and get("case") == b"case"
        # The protocol of sshfs has no word of its own for that.
        assert fails(put, b"n" * 256, b"") in (errno.ENAMETOOLONG, errno.EBADMSG)

    def check_directories(self):
        os.makedirs("a/b/c")
        put("a/b/f", b"")
        assert fails(os.rmdir, "a/b") in (errno.ENOTEMPTY, errno.EPERM, errno.EEXIST, errno.EIO)
        assert fails(os.mkdir, "a") == errno.EEXIST
        assert sorted(os.listdir("a/b")) == ["c", "f"]
        assert fails(os.listdir, "a/b/f") == errno.ENOTDIR
        shutil.rmtree("a")
        assert not os.path.exists("a")

    def check_exclusive(self):
        put("f", b"", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        assert fails(os.open, "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL) == errno.EEXIST

    def check_concurrent_writers(self):
        put("f", b"")
        block = 4096

        def write(number):
            fd = os.open("f", os.O_WRONLY)
            for i in range(number, 64, 4):
                assert os.pwrite(fd, bytes([65 + number]) * block, i * block) == block
            os.close(fd)

        together(*[lambda n=n: write(n) for n in range(4)])
        data = get("f")
        assert len(data) == 64 * block
        for i in range(64):
            assert data[i * block:(i + 1) * block] == bytes([65 + i % 4]) * block, i
        self.leave("f", "from-many")

    def check_concurrent_appenders(self):
        """Each line comes whole, and none over another."""
        put("f", b"")

        def append(number):
            fd = os.open("f", os.O_WRONLY | os.O_APPEND)
            for i in range(40):
                line = b"%d %d " % (number, i)
                assert os.write(fd, line + b"x" * (700 - len(line)) + b"\n") == 701
            os.close(fd)

        together(*[lambda n=n: append(n) for n in range(4)])
        lines = get("f").split(b"\n")
        assert lines.pop() == b"" and all(len(line) == 700 for line in lines), [len(line) for line in lines]
        seen = [tuple(int(word) for word in line.split()[:2]) for line in lines]
        assert len(seen) == 160, len(seen)
        for n in range(4):
            assert [i for number, i in seen if number == n] == list(range(40)), n

    def check_concurrent_names(self):
        """Several processes make, rename and remove files in one directory."""

        def work(number):
            for i in range(15):
                name = "%d-%d" % (number, i)
                put(name, name.encode())
                os.rename(name, name + ".new")
                assert get(name + ".new") == name.encode()
                if i % 3:
                    os.unlink(name + ".new")

        together(*[lambda n=n: work(n) for n in range(4)])
        left = sorted("%d-%d.new" % (n, i) for n in range(4) for i in range(0, 15, 3))
        assert listed(".") == left, os.listdir(".")

    def check_mmap_read(self):
        data = random.Random(1).randbytes(300000)
        put("f", data)
        with open("f", "rb") as file:
            forget(file.fileno())
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
                for at in 299999, 0, 131072, 65535:
                    assert view[at] == data[at]
                assert view[:] == data

    def check_mmap_write(self):
        data = bytearray(random.Random(2).randbytes(300000))
        put("f", data)
        with open("f", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
            for at in 0, 4090, 65530, 131072, 299990:
                view[at:at + 10] = data[at:at + 10] = b"0123456789"
            view.flush()
        assert get("f") == data
        self.leave("f", "mapped")

    def check_git(self):
        git = Git(".")
        os.mkdir("origin")
        git("init", "-q", "origin")
        for i in range(20):
            put("origin/file%d" % i, random.Random(i).randbytes(2000))
        git("-C", "origin", "add", ".")
        git("-C", "origin", "commit", "-q", "-m", "one")
        git("clone", "-q", "--no-local", "origin", "copy")
        git("-C", "copy", "fsck", "--full", "--strict")
        assert git("-C", "copy", "status", "--porcelain") == b""

    def check_random_operations(self):
        self.random_operations("wwwrrrtaosf", "random")

    def check_random_operations_with_maps(self):
        """They are written back before anybody reads without them, as mmap(2) wants it of a file that others change."""
        self.random_operations("wwrrtosfRRWW", "random-mapped")

    def random_operations(self, kinds, name):
        """As fsx does: one file, many operations, each looked at in a model; and the host has the last look."""
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        model = bytearray()
        most = 400000
        fd = os.open("f", os.O_RDWR | os.O_CREAT)
        try:
            for step in range(900):
                here = "step %d, seed %d" % (step, seed)
                what = rng.choice(kinds)
                at = rng.randrange(most)
                size = rng.randrange(1, 70000)
                if what == "w":
                    data = rng.randbytes(size)
                    assert os.pwrite(fd, data, at) == size
                    if at > len(model):
                        model.extend(bytes(at - len(model)))
                    model[at:at + size] = data
                elif what == "r":
                    assert os.pread(fd, size, at) == model[at:at + size], here
                elif what == "t":
                    os.ftruncate(fd, at)
                    model = model[:at] + bytes(max(0, at - len(model)))
                elif what == "a":
                    data = rng.randbytes(size % 5000)
                    put("f", data, os.O_WRONLY | os.O_APPEND)
                    model.extend(data)
                elif what == "o":
                    os.close(fd)
                    fd = os.open("f", os.O_RDWR)
                elif what == "f":
                    forget(fd)
                elif what == "s":
                    assert os.fstat(fd).st_size == len(model), here
                elif len(model) > 0:
                    at %= len(model)
                    size = min(size, len(model) - at)
                    start = at - at % mmap.ALLOCATIONGRANULARITY
                    access = mmap.ACCESS_READ if what == "R" else mmap.ACCESS_WRITE
                    with mmap.mmap(fd, at - start + size, access=access, offset=start) as view:
                        if what == "R":
                            assert view[at - start:] == model[at:at + size], here
                        else:
                            view[at - start:] = model[at:at + size] = rng.randbytes(size)
                            view.flush()
            os.fsync(fd)
        finally:
            os.close(fd)
        assert get("f") == model, "seed %d" % seed
        assert sha256("f") == hashlib.sha256(model).hexdigest()
        self.leave("f", name)


class ReadOnly(Readable):
    def check_refuses_to_change_anything(self):
        # It is the mount that says so, not what a file is like.
        refusals = (errno.EROFS, errno.EACCES)
        note = os.open("note", os.O_RDONLY)
        for what, call, *args in (
            ("create", put, "new", b""),
            ("create alone", put, "new", b"", os.O_WRONLY | os.O_CREAT | os.O_EXCL),
            ("write", put, "note", b"x", os.O_WRONLY),
            ("read and write", put, "note", b"x", os.O_RDWR),
            ("append", put, "note", b"x", os.O_WRONLY | os.O_APPEND),
            ("empty", put, "note", b"x", os.O_WRONLY | os.O_TRUNC),
            ("truncate", os.truncate, "note", 0),
            ("mkdir", os.mkdir, "dir"),
            ("unlink", os.unlink, "note"),
            ("unlink a link", os.unlink, "link"),
            ("unlink far down", os.unlink, "deep/er/file"),
            ("rmdir", os.rmdir, "facts/directory"),
            ("rename", os.rename, "note", "other"),
            ("rename over", os.rename, "note", "data"),
            ("rename a directory", os.rename, "deep", "deeper"),
            ("symlink", os.symlink, "a", "b"),
            ("link", os.link, "note", "hard"),
            ("chmod", os.chmod, "note", 0o777),
            ("fchmod", os.fchmod, note, 0o777),
            ("chown", os.chown, "note", os.getuid(), os.getgid()),
            ("utime", os.utime, "note", (1, 1)),
            ("utime of open", os.utime, note, (1, 1)),
            ("fifo", os.mkfifo, "fifo"),
            ("setxattr", os.setxattr, "note", "user.x", b"1"),
        ):
            error = fails(call, *args)
            assert error in refusals, "%s: %s" % (what, errno.errorcode.get(error, error))
        os.close(note)
        assert get("note") == b"from the host\n"
        assert os.statvfs(".").f_flag & os.ST_RDONLY


def main():
    global writable
    root, access, digest, size, available, skipped = *sys.argv[1:6], sys.argv[6:]
    writable = access == "rw"
    suite = (Writable if writable else ReadOnly)(root, digest, int(size), int(available))
    unknown = [word for word in skipped if not hasattr(suite, "check_" + word)]
    assert not unknown, unknown
    failures = 0
    for name in [n for n in dir(suite) if n.startswith("check_")]:
        word = name[len("check_"):]
        if word in skipped:
            print("skipped", word, flush=True)
            continue
        os.chdir(root)
        if writable:
            os.makedirs("work/" + word, exist_ok=False)
            os.chdir("work/" + word)
        try:
            getattr(suite, name)()
            print("ok", word, flush=True)
        except Exception as e:  # whatever it is, the next check has its turn
            failures += 1
            place = traceback.extract_tb(e.__traceback__)[-1]
            print("FAIL %s: %s %s (line %d)" % (word, type(e).__name__, e, place.lineno), flush=True)
        os.chdir(root)
    if writable:
        shutil.rmtree("work", ignore_errors=True)
    sys.exit(failures)


main()
