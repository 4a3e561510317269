// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A connection to a program of the guest that lasts over a pause of the machine, made by the machine itself: what it
 * answers depends on the guest alone.
 */
final class Talk implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    Talk() throws IOException {
        socket = BenchGuest.connect(BenchGuest.TALK);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Asks {@code clock}, {@code file PATH}, {@code name NAME}, {@code socket PATH}, {@code run COMMAND}, or {@code hello}. */
    String ask(String words) throws IOException {
        socket.getOutputStream().write((words + "\n").getBytes(StandardCharsets.UTF_8));
        String answer = in.readLine();
        if (answer == null) {
            throw new IOException("the guest hung up after: " + words);
        }
        return answer;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
