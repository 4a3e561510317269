# SPDX-License-Identifier: Apache-2.0
"""As fsx does: one file, many operations, each looked at in a model of it."""

import hashlib
import mmap
import os
import random

from mount_files import forget, get, put, sha256


def random_operations(path, kinds):
    """Does operations of these kinds, in an order that an error tells how to repeat.

    w writes, r reads, a appends, t sets the size, s asks for it, o opens anew, f forgets what the kernel remembers;
    R reads and W writes by a map.
    """
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    model = bytearray()
    most = 400000
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
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
                put(path, data, os.O_WRONLY | os.O_APPEND)
                model.extend(data)
            elif what == "o":
                os.close(fd)
                fd = os.open(path, os.O_RDWR)
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
    assert get(path) == model, "seed %d" % seed
    assert sha256(path) == hashlib.sha256(model).hexdigest()
