#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the root of a guest must not be able to do by a mounted directory, whatever the driver. Run in a guest, by root.

mount-attacks.py DIRECTORY rw|ro SECRET [SKIPPED-CHECK...]

SECRET is the path, on the host, of a file beside the directory that begins with "host's secret". A line for each check,
as mount_checks prints it. The exit code is the number of failures. What the attacks leave on the host, in the directory
"left", is for the host to look at.
"""

import os
import stat
import subprocess
import sys
import threading
import time

import mount_checks
from mount_files import put


def get(path):
    with open(path, "rb") as file:
        return file.read(1000)


def tried(call, *args, **named):
    """Whether the call succeeded."""
    try:
        call(*args, **named)
        return True
    except OSError:
        return False


def leaks(path):
    try:
        return get(path).startswith(b"host's secret")
    except OSError:
        return False


class Writable:
    def __init__(self, root, secret):
        self.root = root
        self.secret = secret

    def check_above(self):
        os.makedirs("a/b")
        name = os.path.basename(self.secret)
        for path in "../" * 1, "../" * 2, "../" * 5, "a/b/" + "../" * 6, self.root + "/../":
            assert not leaks(path + name), path

    def check_links(self):
        os.mkdir("d")
        os.symlink(self.secret, "absolute")
        os.symlink(os.path.dirname(self.secret), "directory")
        os.symlink("directory", "again")
        os.symlink("../" * 9 + self.secret, "d/up")
        name = os.path.basename(self.secret)
        for path in "absolute", "directory/" + name, "again/" + name, "d/up":
            assert not leaks(path), path
            assert not tried(put, path, b"x", os.O_WRONLY), path
        assert not tried(put, "directory/planted", b"x")
        assert not tried(os.mkdir, "again/planted")

    def check_hard_links(self):
        assert not tried(os.link, "/etc/hostname", "hard")
        os.symlink(self.secret, "link")
        if tried(os.link, "link", "second", follow_symlinks=False):
            assert not leaks("second")
        assert not tried(os.link, "link", "third", follow_symlinks=True) or not leaks("third")

    def check_swapped(self):
        """A directory and a link to the host's take turns under one name while it is used."""
        name = os.path.basename(self.secret)
        os.mkdir("turn")
        put("turn/" + name, b"harmless")
        os.symlink(os.path.dirname(self.secret), "link")
        end = time.monotonic() + 4
        errors = []

        def swap():
            try:
                while time.monotonic() < end:
                    os.rename("turn", "real")
                    os.rename("link", "turn")
                    os.rename("turn", "link")
                    os.rename("real", "turn")
            except OSError as e:
                errors.append(e)

        swapper = threading.Thread(target=swap)
        swapper.start()
        read = 0
        while swapper.is_alive():
            assert not leaks("turn/" + name)
            read += tried(get, "turn/" + name)
            tried(put, "turn/planted", b"x")
        swapper.join()
        assert not errors, errors
        assert read > 0

    def check_devices(self):
        os.makedirs(self.root + "/left", exist_ok=True)
        tried(os.mknod, self.root + "/left/character", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        tried(os.mknod, self.root + "/left/block", stat.S_IFBLK | 0o666, os.makedev(7, 0))

    def check_set_uid(self):
        os.makedirs(self.root + "/left", exist_ok=True)
        put(self.root + "/left/program", b"#!/bin/sh\n")
        tried(os.chmod, self.root + "/left/program", 0o6755)
        tried(os.chown, self.root + "/left/program", 0, 0)
        tried(os.chmod, self.root + "/left/program", 0o6755)

    def check_names(self):
        here = os.fsencode(os.getcwd()) + b"/"
        names = [b"two\nlines", b"\n", b"\xff\xfe\x80", b"caf\xe9", b"n" * 255, b"\xc3\xa4" * 127, b"...", b"..a", b" ",
                 b"\\..\\x", b"%2e%2e%2f", b"a" * 251 + b"\n\xff..", b"Case", b"case", b"CASE"]
        for name in names:
            put(here + name, name)
        assert sorted(os.listdir(here)) == sorted(names)
        for name in names:
            assert get(here + name) == name, name
        os.rename(here + b"case", here + b"cASE")
        assert get(here + b"cASE") == b"case" and get(here + b"Case") == b"Case"
        for name in names:
            if name != b"case":
                os.unlink(here + name)
        os.unlink(here + b"cASE")
        # libfuse before 3.15 may forget one that it has hidden (libfuse issue 746).
        assert [name for name in os.listdir(here) if not name.startswith(b".fuse_hidden")] == []


class ReadOnly:
    def __init__(self, root, secret):
        self.root = root
        self.secret = secret

    def check_changes_nothing(self):
        """Root takes the mount's own "ro" away, and then asks for all there is to ask for."""
        subprocess.run(["mount", "-i", "-o", "remount,rw", self.root], stderr=subprocess.DEVNULL)
        with open("/proc/self/mountinfo") as table:
            fields = [line.split() for line in table]
        options = [f[5].split(",") for f in fields if f[4].replace("\\040", " ") == self.root]
        assert options and "rw" in options[-1], options
        done = []
        for what, call, args in (
            ("create", put, ("new", b"x")),
            ("create alone", put, ("alone", b"x", os.O_WRONLY | os.O_CREAT | os.O_EXCL)),
            ("mkdir", os.mkdir, ("dir",)),
            ("symlink", os.symlink, ("a", "b")),
            ("fifo", os.mkfifo, ("fifo",)),
            ("device", os.mknod, ("device", stat.S_IFCHR | 0o666, os.makedev(1, 3))),
            ("setxattr", os.setxattr, ("note", "user.x", b"1")),
            ("chown", os.chown, ("note", 12, 34)),
            ("chmod", os.chmod, ("note", 0o777)),
            ("utime", os.utime, ("note", (1, 1))),
            ("link", os.link, ("note", "hard")),
            ("write", put, ("note", b"x", os.O_WRONLY)),
            ("write and read", put, ("note", b"x", os.O_RDWR)),
            ("append", put, ("note", b"x", os.O_WRONLY | os.O_APPEND)),
            ("truncate", os.truncate, ("note", 1)),
            ("open and empty", put, ("note", b"x", os.O_WRONLY | os.O_TRUNC)),
            ("empty while reading", os.open, ("note", os.O_RDONLY | os.O_TRUNC)),
            # Those that would take away what the others need.
            ("rename", os.rename, ("link", "other")),
            ("unlink a link", os.unlink, ("link",)),
            ("rename over", os.rename, ("note", "deep/er/file")),
            ("unlink", os.unlink, ("deep/er/file",)),
            ("rmdir", os.rmdir, ("deep/er",)),
        ):
            if tried(call, *args):
                done.append(what)
        # Some caches believe in a change until they are asked again; the host tells what has become of it.
        subprocess.run(["sh", "-c", "sync; echo 3 >/proc/sys/vm/drop_caches"])
        assert not done, done
        assert get("note") == b"from the host\n"


def main():
    root, access, secret, skipped = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    suite = Writable(root, secret) if access == "rw" else ReadOnly(root, secret)
    sys.exit(mount_checks.run(suite, root, skipped, "attacks" if access == "rw" else None))


main()
