#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes files into a mounted directory until all are there, whatever happens to the mount meanwhile. Run in a guest.

mount-load.py DIRECTORY COUNT

File I holds the line I, 3000 times. What cannot be written is written again from its beginning.
"""

import os
import sys
import time

directory, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    data = b"%d\n" % i * 3000
    while True:
        try:
            fd = os.open("%s/%d" % (directory, i), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                at = 0
                while at < len(data):
                    at += os.write(fd, data[at:at + 8192])
                os.fsync(fd)
            finally:
                os.close(fd)
            break
        except OSError:
            time.sleep(0.05)
print("all", count, flush=True)
