#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a mounted directory must be able to do, whatever the driver. Run in a guest.

mount-suite.py DIRECTORY rw|ro [SKIPPED-CHECK...]

A line for each check: "ok NAME", "skipped NAME" or "FAIL NAME: reason". The exit code is the number of failures. A
directory that is ro must hold what `directory` of MountedGuest makes on the host.
"""

import errno
import mmap
import os
import random
import shutil
import stat
import subprocess
import sys
import threading


def put(path, data, flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o644):
    fd = os.open(path, flags, mode)
    try:
        while data:
            data = data[os.write(fd, data):]
    finally:
        os.close(fd)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def fails(call, *args):
    """The error that the call ends with; an error of its own if it does not."""
    try:
        call(*args)
    except OSError as e:
        return e.errno
    raise AssertionError("%s%r succeeded" % (call.__name__, args))


class Writable:
    def __init__(self, root):
        self.root = root

    def check_read_write(self):
        for size in 0, 1, 4095, 4096, 65536, 65537, 3 * 1024 * 1024 + 17:
            data = random.Random(size).randbytes(size)
            put("f", data)
            assert get("f") == data, size
            assert os.stat("f").st_size == size

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
        assert os.listdir(".") == [], os.listdir(".")

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

    def check_links_of_the_host(self):
        assert os.readlink(os.path.join(self.root, "link")) == "note"
        assert get(os.path.join(self.root, "link")) == b"from the host\n"

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

    def check_statfs(self):
        v = os.statvfs(".")
        assert v.f_blocks > 0 and 0 < v.f_bavail <= v.f_blocks and v.f_namemax >= 255

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

    def check_many_entries(self):
        # Made on the host: making 10 000 files is another check's business.
        names = os.listdir(os.path.join(self.root, "many"))
        assert len(names) == 10000 and len(set(names)) == 10000, len(names)
        assert "entry-09999" in names
        with os.scandir(os.path.join(self.root, "many")) as entries:
            assert all(e.is_file(follow_symlinks=False) for e in entries)

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
        assert sorted(os.listdir(".")) == ["CASE", "Case", "case"] and get("Case") == b"Case" and get("case") == b"case"
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
        errors = []

        def write(number):
            try:
                fd = os.open("f", os.O_WRONLY)
                for i in range(number, 64, 4):
                    os.pwrite(fd, bytes([65 + number]) * block, i * block)
                os.close(fd)
            except OSError as e:
                errors.append(e)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not errors, errors
        data = get("f")
        assert len(data) == 64 * block
        for i in range(64):
            assert data[i * block:(i + 1) * block] == bytes([65 + i % 4]) * block, i

    def check_mmap_read(self):
        data = random.Random(1).randbytes(300000)
        put("f", data)
        with open("f", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
            for at in 299999, 0, 131072, 65535:
                assert view[at] == data[at]
            assert view[:] == data

    def check_git(self):
        # Whose the files are is another check's business.
        put("config", b"[safe]\n directory = *\n[user]\n name = u\n email = u@example.com\n")
        env = dict(os.environ, GIT_CONFIG_GLOBAL=os.path.abspath("config"))

        def git(*words):
            return subprocess.run(("git",) + words, check=True, env=env, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL).stdout

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
        """As fsx does: one file, many operations, each looked at in a model."""
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        model = bytearray()
        most = 400000
        fd = os.open("f", os.O_RDWR | os.O_CREAT)
        try:
            for step in range(600):
                what = rng.choice("wwwrrrtaos")
                at = rng.randrange(most)
                size = rng.randrange(1, 70000)
                if what == "w":
                    data = rng.randbytes(size)
                    assert os.pwrite(fd, data, at) == size
                    if at > len(model):
                        model.extend(bytes(at - len(model)))
                    model[at:at + size] = data
                elif what == "r":
                    got = os.pread(fd, size, at)
                    assert got == model[at:at + size], "step %d, seed %d" % (step, seed)
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
                else:
                    assert os.fstat(fd).st_size == len(model), "step %d, seed %d" % (step, seed)
            os.fsync(fd)
        finally:
            os.close(fd)
        assert get("f") == model, "seed %d" % seed


class ReadOnly:
    def __init__(self, root):
        self.root = root

    def check_reads(self):
        assert get("note") == b"from the host\n"
        assert get("deep/er/file") == b"deep\n"
        assert len(os.listdir("many")) == 10000
        assert os.readlink("link") == "note" and get("link") == b"from the host\n"
        assert os.statvfs(".").f_blocks > 0

    def check_refuses_to_change_anything(self):
        refusals = (errno.EROFS, errno.EACCES, errno.EPERM)
        for call, args in (
            (put, ("new", b"")), (put, ("note", b"x", os.O_WRONLY)), (os.mkdir, ("dir",)), (os.unlink, ("note",)),
            (os.rmdir, ("deep",)), (os.rename, ("note", "other")), (os.symlink, ("a", "b")), (os.chmod, ("note", 0o777)),
            (os.utime, ("note", (1, 1))), (os.truncate, ("note", 0)), (os.link, ("note", "hard")),
        ):
            error = fails(call, *args)
            assert error in refusals, "%s: %s" % (call.__name__, errno.errorcode.get(error, error))
        assert get("note") == b"from the host\n"

    def check_mmap(self):
        with open("note", "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
            assert view[:] == b"from the host\n"


def main():
    root, access, skipped = sys.argv[1], sys.argv[2], sys.argv[3:]
    suite = Writable(root) if access == "rw" else ReadOnly(root)
    failures = 0
    for name in [n for n in dir(suite) if n.startswith("check_")]:
        word = name[len("check_"):]
        if word in skipped:
            print("skipped", word, flush=True)
            continue
        os.chdir(root)
        if access == "rw":
            os.makedirs("work/" + word, exist_ok=False)
            os.chdir("work/" + word)
        try:
            getattr(suite, name)()
            print("ok", word, flush=True)
        except Exception as e:  # whatever it is, the next check has its turn
            failures += 1
            print("FAIL %s: %s %s" % (word, type(e).__name__, e), flush=True)
        os.chdir(root)
    if access == "rw":
        shutil.rmtree("work", ignore_errors=True)
    sys.exit(failures)


main()
