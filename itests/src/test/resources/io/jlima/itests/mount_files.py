# SPDX-License-Identifier: Apache-2.0
"""How the checks of mounts use files: whole contents, what comes from the host, several processes, and errors."""

import hashlib
import os
import subprocess
import sys
import time
import traceback


# Whether what is looked at may be written to.
writable = False


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


class Git:
    """git, to which it is another check's business whose the files are."""

    def __init__(self, own):
        put(own + "/config", b"[safe]\n directory = *\n[user]\n name = u\n email = u@example.com\n")
        self.env = dict(os.environ, GIT_CONFIG_GLOBAL=os.path.abspath(own + "/config"))

    def __call__(self, *words):
        return subprocess.run(("git",) + words, check=True, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
