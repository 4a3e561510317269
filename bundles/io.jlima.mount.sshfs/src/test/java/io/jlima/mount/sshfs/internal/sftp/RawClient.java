// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A client that sends whatever it likes, as a guest may. */
final class RawClient implements AutoCloseable {
    private final DataOutputStream out;
    private final DataInputStream in;
    private final CompletableFuture<Throwable> end = new CompletableFuture<>();
    private int id;

    /** What came back: the packet's type and what follows its id. */
    record Answer(int type, DataInputStream body) {
        /** The code of a status; -1 for any other answer. */
        int status() {
            try {
                return type == 101 ? body.readInt() : -1;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        byte[] string() {
            try {
                return body.readNBytes(body.readInt());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    RawClient(SftpServer server) throws IOException {
        PipedOutputStream toServer = new PipedOutputStream();
        PipedInputStream serverIn = new PipedInputStream(toServer, 1 << 20);
        PipedOutputStream toClient = new PipedOutputStream();
        in = new DataInputStream(new PipedInputStream(toClient, 1 << 20));
        out = new DataOutputStream(toServer);
        Thread.ofPlatform().daemon().start(() -> {
            try (toClient) {
                server.serve(serverIn, toClient);
                end.complete(new IOException("ended well"));
            } catch (IOException | RuntimeException e) {
                end.complete(e);
            }
        });
    }

    /** How the server's session ended. */
    CompletableFuture<Throwable> end() {
        return end;
    }

    void raw(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    RawClient hello() throws IOException {
        raw(new byte[] {0, 0, 0, 5, 1, 0, 0, 0, 3});
        int length = in.readInt();
        byte[] body = in.readNBytes(length);
        if (body[0] != 2) {
            throw new AssertionError("no version but " + body[0]);
        }
        return this;
    }

    /** Sends a request: texts and byte arrays as strings, numbers of 32 and 64 bits as themselves. */
    Answer ask(int type, Object... fields) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(bytes);
        body.writeByte(type);
        body.writeInt(++id);
        for (Object field : fields) {
            switch (field) {
                case String text -> write(body, text.getBytes(StandardCharsets.UTF_8));
                case byte[] string -> write(body, string);
                case Integer number -> body.writeInt(number);
                case Long number -> body.writeLong(number);
                default -> throw new IllegalArgumentException(field.toString());
            }
        }
        out.writeInt(bytes.size());
        bytes.writeTo(out);
        out.flush();
        int length = in.readInt();
        int answered = in.readUnsignedByte();
        int number = in.readInt();
        if (number != id) {
            throw new AssertionError("answer to " + number + " instead of " + id);
        }
        return new Answer(answered, new DataInputStream(new java.io.ByteArrayInputStream(in.readNBytes(length - 5))));
    }

    private static void write(DataOutputStream body, byte[] string) throws IOException {
        body.writeInt(string.length);
        body.write(string);
    }

    /** Opens a file; {@code null} when that is refused. */
    byte @org.jspecify.annotations.Nullable [] open(Object path, int flags) throws IOException {
        Answer answer = ask(3, path, flags, 0);
        return answer.type() == 102 ? answer.string() : null;
    }

    /** Opens a file that must open. */
    byte[] opened(Object path, int flags) throws IOException {
        byte[] handle = open(path, flags);
        if (handle == null) {
            throw new AssertionError("not opened");
        }
        return handle;
    }

    /** All names in a directory. */
    List<String> list(String path) throws IOException {
        Answer opened = ask(11, path);
        if (opened.type() != 102) {
            throw new IOException("status " + opened.status());
        }
        byte[] handle = opened.string();
        List<String> names = new ArrayList<>();
        for (Answer part = ask(12, handle); part.type() == 104; part = ask(12, handle)) {
            int count = part.body().readInt();
            for (int i = 0; i < count; i++) {
                names.add(new String(part.string(), StandardCharsets.ISO_8859_1));
                part.string();
                part.body().skipNBytes(32);
            }
        }
        ask(4, (Object) handle);
        return names;
    }

    /** Nothing more will be sent. */
    void finish() throws IOException {
        out.close();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
