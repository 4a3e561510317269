# SPDX-License-Identifier: Apache-2.0
# Says what inotify(7) tells of some directories, one line each: FOLDER/NAME WORDS. First argument: where to.
import ctypes, os, struct, sys

WORDS = {0x2: "MODIFY", 0x4: "ATTRIB", 0x8: "CLOSE_WRITE", 0x40: "MOVED_FROM", 0x80: "MOVED_TO", 0x100: "CREATE",
         0x200: "DELETE", 0x400: "DELETE_SELF", 0x800: "MOVE_SELF", 0x4000: "OVERFLOW", 0x40000000: "DIRECTORY"}
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init()
out = open(sys.argv[1], "w", buffering=1)
folders = {}
for folder in sys.argv[2:]:
    watch = libc.inotify_add_watch(fd, os.fsencode(folder), 0xfce)
    if watch < 0:
        out.write("no watch of %s: %s\n" % (folder, os.strerror(ctypes.get_errno())))
    folders[watch] = folder
out.write("ready\n")
while True:
    data = os.read(fd, 65536)
    while data:
        watch, mask, cookie, length = struct.unpack("iIII", data[:16])
        name = data[16:16 + length].rstrip(b"\0").decode()
        data = data[16 + length:]
        out.write("%s/%s %s\n" % (folders.get(watch), name, " ".join(w for bit, w in WORDS.items() if mask & bit)))
