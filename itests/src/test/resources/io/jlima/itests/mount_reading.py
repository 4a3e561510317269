# SPDX-License-Identifier: Apache-2.0
"""What every mount must be able to do, and that one for reading must not change anything."""

import errno
import hashlib
import mmap
import os
import random
import stat
import tempfile

from mount_files import Git, fails, forget, forget_all, get, put, sha256, together


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
