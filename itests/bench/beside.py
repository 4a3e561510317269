#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two installations of limactl beside each other: a guest of each, every figure by turns.

  beside.py ROUNDS NAME=LIMACTL=LIMA_YAML NAME=LIMACTL=LIMA_YAML [FIGURE...]

Both machines run all the time, and one of them is asked at a time. Each yaml mounts ~/beside writable and its guest has
python3. Run it as an ordinary user, since Lima refuses root. A reason to have it: a claim about speed is worth what can be
repeated. Prints the medians, their ratio (the first to the second) and the range of each. The homes are made and removed.
"""
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

INSTANCE = "b"
SHARE = pathlib.Path.home() / "beside"
SMALL = 300

LISTEN = r"""
import socket, sys
for line in sys.stdin:
    s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(("127.0.0.1", int(line)))
    s.listen(); print("up", flush=True); sys.stdin.readline()
    s.close(); print("down", flush=True)
"""


class Side:
    """One installation with its home and its running instance."""

    def __init__(self, name, limactl, yaml, work):
        self.name = name
        self.limactl = limactl
        self.yaml = yaml
        # Short: the sockets in it may have no more than 108 bytes.
        self.home = work / name[:8]
        self.home.mkdir()
        self.env = dict(os.environ, LIMA_HOME=str(self.home))
        self.figures = {}

    def run(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([self.limactl, *words], capture_output=True, text=True, env=self.env, **options)
        if done.returncode:
            raise SystemExit("beside.py: %s: %s\n%s" % (self.name, " ".join(words)[:200], done.stderr[-800:]))
        return done.stdout

    def guest(self, script):
        return self.run("shell", "--workdir", "/", INSTANCE, "sh", "-c", script)

    def seconds(self, script):
        """How long the script takes in the guest, whose caches are empty; the guest's own clock."""
        out = self.guest(
            "sync; echo 3 | sudo tee /proc/sys/vm/drop_caches >/dev/null; cut -d' ' -f1 /proc/uptime; "
            + script + "; cut -d' ' -f1 /proc/uptime")
        begun, ended = (float(word) for word in out.split())
        return ended - begun

    def note(self, figure, value):
        self.figures.setdefault(figure, []).append(value)

    def timed(self, figure, *words):
        begun = time.monotonic()
        self.run(*words)
        self.note(figure, 1000 * (time.monotonic() - begun))


def commands(side):
    for _ in range(5):
        side.timed("`list`, ms", "list")
        side.timed("`shell true`, ms", "shell", "--workdir", "/", INSTANCE, "true")


def mount(side):
    (SHARE / "big").write_bytes(os.urandom(64 << 20))
    many = SHARE / "many"
    many.mkdir()
    for i in range(SMALL):
        (many / ("f%d" % i)).write_text("x" * 100)
    out = SHARE / "out"
    out.mkdir()
    side.note("mount: read, MB/s", 67.1 / side.seconds("cat %s/big >/dev/null" % SHARE))
    side.note("mount: write and fsync, MB/s",
              33.6 / side.seconds("dd if=/dev/zero of=%s/z bs=1M count=32 conv=fsync 2>/dev/null" % out))
    side.note("mount: create %d files, s" % SMALL,
              side.seconds("for i in $(seq %d); do echo x >%s/n$i; done" % (SMALL, out)))
    side.note("mount: read %d files, s" % SMALL, side.seconds("cat %s/* >/dev/null" % many))
    side.note("mount: `ls -l` of %d files, s" % SMALL, side.seconds("ls -l %s >/dev/null" % many))
    side.note("mount: remove %d files, s" % SMALL, side.seconds("rm %s/n*" % out))
    for child in SHARE.iterdir():
        shutil.rmtree(child) if child.is_dir() else child.unlink()


def answers(port):
    """Whether somebody takes a connection to a port of this host and keeps it."""
    with socket.socket() as peer:
        peer.settimeout(0.5)
        try:
            peer.connect(("127.0.0.1", port))
            peer.setblocking(False)
            return peer.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


def until(condition):
    """The milliseconds until it holds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > 30:
            raise SystemExit("beside.py: a port did not change in 30 s")
        time.sleep(0.001)
    return 1000 * (time.monotonic() - begun)


def ports(side):
    side.guest("cat >/tmp/listen.py <<'X'\n%s\nX" % LISTEN)
    program = subprocess.Popen(
        [side.limactl, "shell", "--workdir", "/", INSTANCE, "python3", "-u", "/tmp/listen.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=side.env)
    for port in range(18301, 18306):
        for word, figure in (("%d\n" % port, "listen() to the host's port, ms"), ("\n", "close() until it is gone, ms")):
            program.stdin.write(word)
            program.stdin.flush()
            program.stdout.readline()
            side.note(figure, until(lambda: answers(port) == (word != "\n")))
    program.stdin.close()
    program.wait()


def throughput(side):
    side.guest("mkdir -p /tmp/www; cd /tmp/www; [ -e z ] || head -c 50000000 /dev/zero >z;"
               " (nohup python3 -m http.server 18200 >/dev/null 2>&1 & echo $! >/tmp/www.pid)")
    until(lambda: answers(18200))
    done = subprocess.run(["curl", "-sf", "-o", "/dev/null", "-w", "%{time_total}", "http://127.0.0.1:18200/z"],
                          capture_output=True, text=True, check=True)
    side.note("download through a port, MB/s", 50 / float(done.stdout))
    side.guest("kill $(cat /tmp/www.pid)")
    until(lambda: not answers(18200))


def again(side):
    begun = time.monotonic()
    side.run("stop", INSTANCE)
    side.note("`stop`, s", time.monotonic() - begun)
    begun = time.monotonic()
    side.run("start", "--tty=false", INSTANCE)
    side.note("second `start`, s", time.monotonic() - begun)


FIGURES = {"commands": commands, "mount": mount, "ports": ports, "throughput": throughput, "again": again}


def main():
    rounds = int(sys.argv[1])
    given = [word for word in sys.argv[2:] if "=" in word]
    figures = [word for word in sys.argv[2:] if "=" not in word] or list(FIGURES)
    SHARE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jlb", dir="/tmp") as work:
        sides = [Side(*word.split("=", 2), pathlib.Path(work)) for word in given]
        try:
            for side in sides:
                begun = time.monotonic()
                side.run("start", "--tty=false", "--name", INSTANCE, side.yaml)
                side.note("first `start`, s", time.monotonic() - begun)
            for turn in range(rounds):
                for figure in figures:
                    for side in sides if turn % 2 == 0 else sides[::-1]:
                        FIGURES[figure](side)
            print("load %s, %d rounds" % (pathlib.Path("/proc/loadavg").read_text().split()[0], rounds))
            print("| what | %s | ratio |" % " | ".join(side.name for side in sides))
            print("|---" * (len(sides) + 2) + "|")
            for figure in sides[0].figures:
                values = [side.figures[figure] for side in sides]
                middle = [statistics.median(value) for value in values]
                print("| %s | %s | %.2f |" % (
                    figure,
                    " | ".join("%.3g (%.3g to %.3g)" % (m, min(v), max(v)) for m, v in zip(middle, values)),
                    middle[0] / middle[-1]))
        finally:
            for side in sides:
                for words in (("stop", "-f", INSTANCE), ("daemon", "stop")):
                    subprocess.run([side.limactl, *words], capture_output=True, env=side.env)
            shutil.rmtree(SHARE, ignore_errors=True)


if __name__ == "__main__":
    main()
