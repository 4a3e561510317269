# SPDX-License-Identifier: Apache-2.0
"""What a mount that may be written to must be able to do besides."""

import errno
import mmap
import os
import random
import shutil
import stat

from mount_files import Git, becomes_empty, fails, forget, get, listed, put, sha256, together
from mount_model import random_operations
from mount_reading import Readable


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
        random_operations("f", "wwwrrrtaosf")
        self.leave("f", "random")

    def check_random_operations_with_maps(self):
        """They are written back before anybody reads without them, as mmap(2) wants it of a file that others change."""
        random_operations("f", "wwrrtosfRRWW")
        self.leave("f", "random-mapped")
