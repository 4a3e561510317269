#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a mounted directory must be able to do, whatever the driver. Run in a guest, by its user, who may use sudo.

mount-suite.py DIRECTORY rw|ro SHA256 SIZE AVAILABLE [SKIPPED-CHECK...]

The directory holds what MountedGuest.directory makes on the host: SHA256 is of its file "data"; SIZE and AVAILABLE are
the bytes of the host's file system.

A line for each check, as mount_checks prints it. The exit code is the number of failures. A line "left NAME SHA256"
tells of a file in the directory that the host is to look at, and to remove.

What is compared is what comes from the host: what the guest's kernel remembers of a file is dropped before.
"""

import shutil
import sys

import mount_checks
import mount_files
from mount_reading import ReadOnly
from mount_writing import Writable


def main():
    root, access, digest, size, available, skipped = *sys.argv[1:6], sys.argv[6:]
    writable = mount_files.writable = access == "rw"
    suite = (Writable if writable else ReadOnly)(root, digest, int(size), int(available))
    failures = mount_checks.run(suite, root, skipped, "work" if writable else None)
    if writable:
        shutil.rmtree(root + "/work", ignore_errors=True)
    sys.exit(failures)


main()
