// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One guest's session: version 3 of the protocol (draft-ietf-secsh-filexfer-02) with those of OpenSSH's extensions that
 * sshfs uses (PROTOCOL in the sources of OpenSSH, section 4). Requests are answered in their order.
 */
final class BuiltinSession {
    // draft-ietf-secsh-filexfer-02, section 3
    private static final int INIT = 1;
    private static final int VERSION = 2;
    private static final int OPEN = 3;
    private static final int CLOSE = 4;
    private static final int READ = 5;
    private static final int WRITE = 6;
    private static final int LSTAT = 7;
    private static final int FSTAT = 8;
    private static final int SETSTAT = 9;
    private static final int FSETSTAT = 10;
    private static final int OPENDIR = 11;
    private static final int READDIR = 12;
    private static final int REMOVE = 13;
    private static final int MKDIR = 14;
    private static final int RMDIR = 15;
    private static final int REALPATH = 16;
    private static final int STAT = 17;
    private static final int RENAME = 18;
    private static final int READLINK = 19;
    private static final int SYMLINK = 20;
    private static final int STATUS = 101;
    private static final int HANDLE = 102;
    private static final int DATA = 103;
    static final int NAME = 104;
    private static final int ATTRS = 105;
    private static final int EXTENDED = 200;
    private static final int EXTENDED_REPLY = 201;

    // section 6.3
    private static final int FXF_READ = 1;
    private static final int FXF_WRITE = 2;
    private static final int FXF_APPEND = 4;
    private static final int FXF_CREAT = 8;
    private static final int FXF_TRUNC = 16;
    private static final int FXF_EXCL = 32;

    private static final int RENAME_NOREPLACE = 1;
    private static final int ST_RDONLY = 1;

    /** The most that is sent for one read; sshfs asks for 64 KiB. */
    private static final int LONGEST_READ = 128 * 1024;

    private final Calls calls;
    private final Roots roots;
    private final Owners owners;
    private final OpenFiles files;
    private final Entries entries;
    private final PacketReader in;
    private final PacketWriter out;

    private BuiltinSession(Calls calls, Roots roots, Owners owners, InputStream in, OutputStream out) {
        this.calls = calls;
        this.roots = roots;
        this.owners = owners;
        this.files = new OpenFiles(calls);
        this.in = new PacketReader(in);
        this.out = new PacketWriter(out);
        this.entries = new Entries(calls, owners, this.out);
    }

    /** Serves until a stream ends, see {@link SftpServer}. @param directories of one guest, at least one; may change */
    static void serve(List<BuiltinServer> directories, InputStream in, OutputStream out) throws IOException {
        try (Calls calls = new Calls();
                Roots roots = new Roots(calls, directories)) {
            Owners owners = Owners.of(calls, (int) directories.getFirst().guestUid());
            new BuiltinSession(calls, roots, owners, in, out).run();
        }
    }

    private void run() throws IOException {
        try (files) {
            while (true) {
                if (!in.hasNext()) {
                    out.flush();
                }
                if (!in.next()) {
                    return;
                }
                answer();
            }
        }
    }

    private void answer() throws IOException {
        int type = in.number8();
        int id = in.number();
        if (type == INIT) {
            greet();
            return;
        }
        try {
            serve(type, id);
        } catch (SystemError e) {
            if (e.number() == SystemError.ENOENT) {
                roots.renew();
            }
            out.drop();
            status(id, e.number());
        }
    }

    private void greet() throws IOException {
        // The number that was read is the guest's version, not an id.
        out.begin(VERSION, 3);
        for (String[] extension : new String[][] {
            {"posix-rename@openssh.com", "1"},
            {"statvfs@openssh.com", "2"},
            {"fstatvfs@openssh.com", "2"},
            {"hardlink@openssh.com", "1"},
            {"fsync@openssh.com", "1"}
        }) {
            out.string(extension[0].getBytes(StandardCharsets.US_ASCII));
            out.string(extension[1].getBytes(StandardCharsets.US_ASCII));
        }
        out.end();
    }

    /** Whatever is not in the first part changes something, or is not known; what SETSTAT does, its content says. */
    private void serve(int type, int id) throws IOException {
        switch (type) {
            case OPEN -> open(id);
            case CLOSE -> {
                files.remove(in.string());
                done(id);
            }
            case READ -> read(id);
            case LSTAT -> lookedAt(id, in.string(), false);
            case STAT -> lookedAt(id, in.string(), true);
            case FSTAT -> facts(id, FileFacts.of(calls, files.get(in.string()).descriptor()));
            case OPENDIR -> {
                byte[] path = in.string();
                Roots.Root root = roots.root(path);
                handle(id, files.add(root, root.jail().directory(path), true, false));
            }
            case READDIR -> readDirectory(id);
            case REALPATH -> realPath(id);
            case READLINK -> {
                byte[] path = in.string();
                name(id, roots.root(path).jail().readLink(path));
            }
            case SETSTAT -> {
                byte[] path = in.string();
                Attributes wanted = Attributes.read(in);
                if (ReplaySign.is(wanted)) {
                    calls.closeDescriptor(roots.root(path).jail().look(path));
                } else {
                    new Changes(calls, owners).apply(roots.toChange(path), path, wanted);
                }
                done(id);
            }
            case EXTENDED -> extended(id, new String(in.string(), StandardCharsets.ISO_8859_1));
            default -> change(type, id);
        }
    }

    private void change(int type, int id) throws IOException {
        switch (type) {
            case WRITE -> write(id);
            case FSETSTAT -> {
                OpenFiles.Open file = files.get(in.string());
                file.root().requireWritable();
                new Changes(calls, owners).apply(file, Attributes.read(in));
            }
            case REMOVE -> remove(in.string(), false);
            case RMDIR -> remove(in.string(), true);
            case MKDIR -> {
                byte[] path = in.string();
                roots.names(path).makeDirectory(path, Attributes.read(in).modeOr(0777));
            }
            case RENAME -> rename(in.string(), in.string(), RENAME_NOREPLACE);
            // OpenSSH has the two in this order, the draft in the other, and everybody follows OpenSSH.
            case SYMLINK -> {
                byte[] target = in.string();
                byte[] path = in.string();
                roots.names(path).symlink(target, path);
            }
            default -> throw new SystemError(SystemError.ENOSYS);
        }
        done(id);
    }

    private void remove(byte[] path, boolean directory) throws IOException {
        roots.names(path).remove(path, directory);
    }

    private void rename(byte[] from, byte[] to, int flags) throws IOException {
        roots.names(from, to).rename(from, to, flags);
    }

    private void extended(int id, String request) throws IOException {
        switch (request) {
            case "statvfs@openssh.com" -> {
                byte[] path = in.string();
                Roots.Root root = roots.root(path);
                int seen = root.jail().look(path);
                try {
                    space(id, seen, root);
                } finally {
                    calls.closeDescriptor(seen);
                }
            }
            case "fstatvfs@openssh.com" -> {
                OpenFiles.Open file = files.get(in.string());
                space(id, file.descriptor(), file.root());
            }
            case "fsync@openssh.com" -> {
                calls.call(Call.FSYNC, files.file(in.string()), 0, 0, 0, 0);
                done(id);
            }
            case "posix-rename@openssh.com" -> {
                rename(in.string(), in.string(), 0);
                done(id);
            }
            case "hardlink@openssh.com" -> {
                byte[] from = in.string();
                byte[] to = in.string();
                roots.names(from, to).link(from, to);
                done(id);
            }
            default -> throw new SystemError(SystemError.ENOSYS);
        }
    }

    private void open(int id) throws IOException {
        byte[] path = in.string();
        int wanted = in.number();
        int mode = Attributes.read(in).modeOr(0666);
        Roots.Root root = roots.root(path);
        if ((wanted & ~FXF_READ) != 0) {
            root.requireWritable();
        }
        boolean writes = (wanted & FXF_WRITE) != 0;
        int flags = writes ? (wanted & FXF_READ) != 0 ? Calls.O_RDWR : Calls.O_WRONLY : Calls.O_RDONLY;
        flags |= (wanted & FXF_APPEND) != 0 ? Calls.O_APPEND : 0;
        flags |= (wanted & FXF_TRUNC) != 0 ? Calls.O_TRUNC : 0;
        if ((wanted & FXF_CREAT) != 0) {
            flags |= Calls.O_CREAT | ((wanted & FXF_EXCL) != 0 ? Calls.O_EXCL : 0);
        }
        handle(id, files.add(root, root.jail().file(path, flags, mode), false, writes));
    }

    private void read(int id) throws IOException {
        int file = files.file(in.string());
        long offset = in.number64();
        int length = (int) Math.min(in.number() & 0xffffffffL, LONGEST_READ);
        MemorySegment data = calls.transfer();
        int got = calls.number(Call.PREAD64, file, data.address(), length, offset, 0);
        if (got == 0 && length > 0) {
            statusCode(id, Status.EOF);
            return;
        }
        out.begin(DATA, id).string(data, got);
        out.end();
    }

    private void write(int id) throws IOException {
        OpenFiles.Open open = files.get(in.string());
        open.root().requireWritable();
        int file = open.file();
        long offset = in.number64();
        int at = in.skipString();
        int length = in.skipped();
        MemorySegment data = calls.transfer();
        MemorySegment.copy(in.bytes(), at, data, ValueLayout.JAVA_BYTE, 0, length);
        for (int done = 0; done < length; ) {
            done += calls.number(Call.PWRITE64, file, data.address() + done, length - done, offset + done, 0);
        }
    }

    private void lookedAt(int id, byte[] path, boolean through) throws IOException {
        if (roots.isAbove(path)) {
            facts(id, FileFacts.bareDirectory(owners));
            return;
        }
        Jail jail = roots.root(path).jail();
        int descriptor = through ? jail.lookThrough(path) : jail.look(path);
        try {
            facts(id, FileFacts.of(calls, descriptor));
        } finally {
            calls.closeDescriptor(descriptor);
        }
    }

    private void facts(int id, FileFacts facts) throws IOException {
        out.begin(ATTRS, id);
        Attributes.write(out, facts, owners);
        out.end();
    }

    private void handle(int id, byte[] handle) throws IOException {
        out.begin(HANDLE, id).string(handle).end();
    }

    private void readDirectory(int id) throws IOException {
        if (!entries.answer(id, files.directory(in.string()))) {
            statusCode(id, Status.EOF);
        }
    }

    private void realPath(int id) throws IOException {
        byte[] path = in.string();
        if (path.length == 0 || path.length == 1 && path[0] == '.') {
            name(id, roots.top());
            return;
        }
        if (!roots.isAbove(path)) {
            roots.root(path);
        }
        name(id, Jail.withoutEnd(path));
    }

    private void name(int id, byte[] name) throws IOException {
        out.begin(NAME, id).number(1).string(name).number(0).number(0).end();
    }

    private void space(int id, int descriptor, Roots.Root root) throws IOException {
        MemorySegment at = calls.structure();
        calls.call(Call.FSTATFS, descriptor, at.address(), 0, 0, 0);
        // struct statfs of 64-bit machines: eleven words, of which the eighth is the id in two halves.
        long[] words = at.asSlice(0, 88).toArray(ValueLayout.JAVA_LONG);
        long blockSize = words[1];
        long fragment = words[9] == 0 ? blockSize : words[9];
        out.begin(EXTENDED_REPLY, id)
                .number64(blockSize)
                .number64(fragment)
                .number64(words[2])
                .number64(words[3])
                .number64(words[4])
                .number64(words[5])
                .number64(words[6])
                .number64(words[6])
                .number64(words[7])
                .number64(root.isWritable() ? 0 : ST_RDONLY)
                .number64(words[8])
                .end();
    }

    private void done(int id) throws IOException {
        statusCode(id, Status.OK);
    }

    private void status(int id, int errno) throws IOException {
        statusCode(id, Status.of(errno));
    }

    private void statusCode(int id, Status status) throws IOException {
        out.begin(STATUS, id)
                .number(status.code())
                .string(status.words())
                .number(0)
                .end();
    }
}
