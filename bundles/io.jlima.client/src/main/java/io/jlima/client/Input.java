// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import io.jlima.client.Client.Failure;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/** The caller's standard input, of which a thread sends as much as the daemon has room for; begun when it first has. */
final class Input {
    private final Connection connection;
    private final Semaphore credit = new Semaphore(0);
    private boolean begun;

    Input(Connection connection) {
        this.connection = connection;
    }

    void grant(int bytes) throws Failure {
        if (bytes < 0 || bytes > Integer.MAX_VALUE - credit.availablePermits()) {
            throw Connection.nonsense();
        }
        credit.release(bytes);
        if (!begun) {
            begun = true;
            Thread reader = new Thread(this::read, "stdin");
            reader.setDaemon(true);
            reader.start();
        }
    }

    /** Sends what there is room for, and an empty frame at the end. */
    private void read() {
        byte[] buffer = new byte[32768];
        try (FileInputStream in = new FileInputStream(FileDescriptor.in)) {
            while (true) {
                credit.acquire();
                int room = 1 + credit.drainPermits();
                int count = in.read(buffer, 0, Math.min(room, buffer.length));
                credit.release(room - Math.max(count, 0));
                connection.send(Client.STDIN, buffer, Math.max(count, 0));
                if (count < 0) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            // The command has ended or the input is gone: in both cases there is nobody left to tell.
            Thread.currentThread().interrupt();
        }
    }
}
