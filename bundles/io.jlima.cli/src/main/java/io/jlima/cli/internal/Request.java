// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.command.Invocation.Streams;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a client asks for.
 *
 * @param version of the client
 * @param pipes streams of the caller that need not go through the client
 * @param words after {@code limactl}
 */
record Request(String version, HostEnvironment caller, Streams streams, List<CallerPipe> pipes, List<String> words) {
    /** The launcher script's own variables, which are nobody else's business. */
    private static final String PRIVATE = "_JLIMA_";

    private static final int MOST_STRINGS = 100_000;

    static Request parse(byte[] body) throws IOException {
        DataInputStream data = new DataInputStream(new ByteArrayInputStream(body));
        String version = Frames.string(data);
        Path directory = directory(Frames.string(data));
        int umask = number(Frames.string(data), 8, 022) & 0777;
        String terminals = Frames.string(data);
        String[] size = Frames.string(data).split(" ");
        List<CallerPipe> pipes = CallerPipe.parse(Frames.string(data));
        List<String> words = new ArrayList<>();
        for (int left = count(data); left > 0; left--) {
            words.add(Frames.string(data));
        }
        Map<String, String> variables = new HashMap<>();
        for (int left = count(data); left > 0; left--) {
            String name = Frames.string(data);
            String value = Frames.string(data);
            if (!name.startsWith(PRIVATE)) {
                variables.put(name, value);
            }
        }
        int rows = size.length > 0 ? number(size[0], 10, 0) : 0;
        int columns = size.length > 1 ? number(size[1], 10, 0) : 0;
        Streams streams = new Streams(flag(terminals, 0), flag(terminals, 1), flag(terminals, 2), columns, rows);
        return new Request(
                version, new HostEnvironment(variables, directory, umask), streams, pipes, List.copyOf(words));
    }

    /** The stream, if it need not go through the client. */
    Optional<CallerPipe> pipe(int stream) {
        return pipes.stream().filter(p -> p.stream() == stream).findFirst();
    }

    private static Path directory(String text) throws IOException {
        try {
            Path directory = Path.of(text);
            if (directory.isAbsolute()) {
                return directory;
            }
        } catch (InvalidPathException e) {
            throw new IOException("a request from no directory", e);
        }
        throw new IOException("a request from the directory `" + text + "`, which is not absolute");
    }

    private static int count(DataInputStream data) throws IOException {
        int count = data.readInt();
        if (count < 0 || count > MOST_STRINGS) {
            throw new IOException("a request of " + count + " strings");
        }
        return count;
    }

    private static boolean flag(String terminals, int index) {
        return terminals.length() > index && terminals.charAt(index) == '1';
    }

    private static int number(String text, int radix, int otherwise) {
        try {
            return Integer.parseInt(text.strip(), radix);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
