#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of the guest agent, taken at its channel with a session of this program's own.

  agent.py INSTANCE_DIRECTORY

The instance runs and no daemon does (`limactl daemon stop`): the channel has one user at a time. The guest needs
python3. What the guest itself takes is separated thus: a program in the guest is asked, over a stream of the agent, to
call listen(), and answers over the same stream right after it. The answer and the agent's event take the same way, so
the time between their arrivals is what the agent adds.
"""
import os
import socket
import struct
import subprocess
import sys
import time

MAGIC = b"\xf5JLIMAGA"
OPEN, DATA, CREDIT, FIN, PING, OPENED, PORTS, SYNCED, PONG = 1, 2, 3, 4, 10, 11, 14, 15, 17
HELPER = r"""
import os, socket, time
control = socket.socket(); control.bind(('127.0.0.1', 0)); control.listen()
print(control.getsockname()[1], flush=True)
def agent():
    for pid in os.listdir('/proc'):
        try:
            if open('/proc/%s/comm' % pid).read().strip() == 'lima-guestagent': return pid
        except OSError: pass
def nanos():
    # What the scheduler has counted, which is no matter of samples; proc(5).
    return int(open('/proc/%s/schedstat' % agent()).read().split()[0])
kept = []
while True:
    peer, _ = control.accept()
    lines = peer.makefile('r')
    for line in lines:
        word, *rest = line.split()
        answer = 'ok'
        if word == 'listen':
            for i in range(int(rest[1])):
                s = socket.socket(); s.bind(('127.0.0.1', int(rest[0]) + i)); s.listen(); kept.append(s)
        elif word == 'close':
            for s in kept: s.close()
            kept = []
        elif word == 'storm':
            end = time.monotonic(); used = time.process_time_ns()
            for i in range(int(rest[0])):
                s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 20000)); s.listen(); s.close()
                end += 0.01; time.sleep(max(0, end - time.monotonic()))
            answer = str(time.process_time_ns() - used)
        elif word == 'nanos':
            answer = str(nanos())
        elif word == 'memory':
            answer = [l for l in open('/proc/%s/status' % agent()) if l.startswith('VmRSS')][0].strip()
        elif word == 'send':
            left = int(rest[0]); piece = bytes(65536)
            while left > 0: peer.sendall(piece[:left]); left -= 65536
            continue
        elif word == 'take':
            left = int(rest[0]); peer.sendall(b'go\n')
            while left > 0:
                got = len(peer.recv(min(left, 65536)))
                if got == 0: break
                left -= got
        peer.sendall((answer + '\n').encode())
"""


class Session:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(60)
        self.buffer = bytearray()
        self.id = 1
        nonce = int.from_bytes(os.urandom(8), "big")
        self.out, self.expected = nonce & 0xFFFFFFFF, nonce >> 32
        self.socket.sendall(
            bytes(65549) + MAGIC + bytes([1, 1, 1, 0]) + struct.pack(">Q", nonce) + bytes(8) + b"END\xfa")
        answer = MAGIC + bytes([2, 1, 1, 0]) + struct.pack(">Q", nonce)
        while answer not in self.buffer:
            self.more()
        del self.buffer[: self.buffer.index(answer) + 32]

    def more(self):
        got = self.socket.recv(1 << 18)
        if not got:
            sys.exit("agent.py: the channel was closed; does a daemon run?")
        self.buffer += got

    def send(self, kind, ident, body=b""):
        self.socket.sendall(struct.pack(">BBHI", kind, 0, len(body), ident) + body + struct.pack(">I", self.out))
        self.out = (self.out + 1) & 0xFFFFFFFF

    def receive(self):
        while len(self.buffer) < 8:
            self.more()
        kind, _, length, ident = struct.unpack_from(">BBHI", self.buffer)
        while len(self.buffer) < length + 12:
            self.more()
        body = bytes(self.buffer[8 : 8 + length])
        assert struct.unpack_from(">I", self.buffer, 8 + length)[0] == self.expected
        self.expected = (self.expected + 1) & 0xFFFFFFFF
        del self.buffer[: length + 12]
        return kind, ident, body

    def stream(self, port):
        ident, self.id = self.id, self.id + 2
        address = struct.pack(">BBH", 1, 4, port) + socket.inet_aton("127.0.0.1")
        self.send(OPEN, ident, struct.pack(">I", 1 << 20) + address)
        while True:
            kind, at, body = self.receive()
            if at == ident:
                assert kind == OPENED, body
                return ident, struct.unpack(">I", body)[0]


def percentiles(values):
    values = sorted(values)
    return "p50 %.2f ms, p99 %.2f ms" % (1e3 * values[len(values) // 2], 1e3 * values[int(len(values) * 0.99)])


def line(what, figure, aim=""):
    print("%-58s %-34s %s" % (what, figure, aim), flush=True)


def main():
    directory = sys.argv[1]
    name = os.path.basename(os.path.normpath(directory))
    ssh = ["ssh", "-F", os.path.join(directory, "ssh.config"), "lima-" + name]
    helper = subprocess.Popen(ssh + ["sudo", "python3", "-u", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    helper.stdin.write(HELPER.encode())
    helper.stdin.close()
    port = int(helper.stdout.readline())
    session = Session(os.path.join(directory, "ga.sock"))
    while session.receive()[0] != SYNCED:
        pass
    stream, credit = session.stream(port)

    def command(words):
        session.send(DATA, stream, (words + "\n").encode())

    def answer():
        text = b""
        while not text.endswith(b"\n"):
            kind, ident, body = session.receive()
            if kind == DATA and ident == stream:
                text += body
        session.send(CREDIT, stream, struct.pack(">I", len(text)))
        return text.decode().strip()

    def ask(words):
        command(words)
        return answer()

    def change(words, present, first, count):
        """Sends a command; returns when its answer and the last of these ports' events were here."""
        wanted, answered, seen = set(range(first, first + count)), None, None
        begun = time.perf_counter()
        command(words)
        while answered is None or wanted:
            kind, ident, body = session.receive()
            now = time.perf_counter()
            if kind == DATA and ident == stream:
                answered = now
                session.send(CREDIT, stream, struct.pack(">I", len(body)))
            elif kind == PORTS:
                for at in range(0, len(body), 21):
                    there, _, number = struct.unpack_from(">BBH", body, at)
                    if there == present:
                        wanted.discard(number)
                if not wanted and seen is None:
                    seen = now
        return seen - answered, seen - begun

    trips = []
    for i in range(300):
        begun = time.perf_counter()
        session.send(PING, 0, struct.pack(">Q", i))
        while session.receive()[0] != PONG:
            pass
        trips.append(time.perf_counter() - begun)
    line("round trip to the agent", percentiles(trips))

    opened, closed, whole = [], [], []
    for i in range(300):
        late, total = change("listen %d 1" % (21000 + i), 1, 21000 + i, 1)
        opened.append(max(0, late))
        whole.append(total)
        closed.append(max(0, change("close", 0, 21000 + i, 1)[0]))
    line("listen() to event, beyond the guest's own answer", percentiles(opened), "p99 50 ms")
    line("the same with the order to the guest and its way", percentiles(whole))
    line("close() to event, beyond the guest's own answer", percentiles(closed), "200 ms")
    late, total = change("listen 22000 300", 1, 22000, 300)
    line("300 ports at once: after the last listen(), in all", "%.1f ms, %.1f ms" % (1e3 * max(0, late), 1e3 * total), "1 s")
    late, total = change("close", 0, 22000, 300)
    line("300 ports gone: after the last close(), in all", "%.1f ms, %.1f ms" % (1e3 * max(0, late), 1e3 * total))
    line("agent's memory", ask("memory"), "2048 kB")

    before = int(ask("nanos"))
    begun = time.perf_counter()
    program = int(ask("storm 1000"))
    seconds = time.perf_counter() - begun
    used = int(ask("nanos")) - before
    line("agent's processor time at %.0f binds/s" % (1000 / seconds), "%.2f %%" % (used / seconds / 1e7), "2 %")
    line("  the same in what the program that binds takes", "x %.2f of %.2f %%" % (used / program, program / seconds / 1e7))
    before = int(ask("nanos"))
    time.sleep(30)
    line("agent's processor time while idle for 30 s", "%.2f ms" % ((int(ask("nanos")) - before) / 1e6), "0")

    size = 32 << 20
    begun = time.perf_counter()
    command("send %d" % size)
    left, owed = size, 0
    while left > 0:
        kind, ident, body = session.receive()
        if kind == DATA and ident == stream:
            left -= len(body)
            owed += len(body)
            if owed > 1 << 19:
                session.send(CREDIT, stream, struct.pack(">I", owed))
                owed = 0
    from_guest = size / (time.perf_counter() - begun) / 1e6
    session.send(CREDIT, stream, struct.pack(">I", owed))

    command("take %d" % size)
    piece, left = bytes(32768), size
    answered = False
    while not answered:
        kind, ident, body = session.receive()
        answered = kind == DATA and ident == stream
    begun = time.perf_counter()
    # The orders so far have taken less than a quarter of it, and half of it is what the agent grants at a time.
    credit = credit * 3 // 4
    while left > 0:
        while credit >= len(piece) and left > 0:
            session.send(DATA, stream, piece)
            credit -= len(piece)
            left -= len(piece)
        if left > 0:
            kind, ident, body = session.receive()
            if kind == CREDIT and ident == stream:
                credit += struct.unpack(">I", body)[0]
    answer()
    to_guest = size / (time.perf_counter() - begun) / 1e6
    line("agent stream, from and to the guest", "%.1f MB/s, %.1f MB/s" % (from_guest, to_guest))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        local = free.getsockname()[1]
    tunnel = subprocess.Popen(
        ssh[:1] + ["-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none", "-N", "-L", "%d:127.0.0.1:%d" % (local, port)]
        + ssh[1:])
    session.send(FIN, stream)
    while True:
        try:
            peer = socket.create_connection(("127.0.0.1", local))
            break
        except OSError:
            time.sleep(0.1)
    begun = time.perf_counter()
    peer.sendall(b"send %d\n" % size)
    left = size
    while left > 0:
        left -= len(peer.recv(1 << 18))
    ssh_from = size / (time.perf_counter() - begun) / 1e6
    peer.sendall(b"take %d\n" % size)
    assert peer.recv(3) == b"go\n"
    begun = time.perf_counter()
    peer.sendall(bytes(size))
    assert peer.recv(3) == b"ok\n"
    ssh_to = size / (time.perf_counter() - begun) / 1e6
    line("ssh -L, from and to the guest", "%.1f MB/s, %.1f MB/s" % (ssh_from, ssh_to))
    line("agent stream against ssh -L", "%.2f, %.2f" % (from_guest / ssh_from, to_guest / ssh_to), "1.0 both")
    tunnel.terminate()
    helper.terminate()


main()
