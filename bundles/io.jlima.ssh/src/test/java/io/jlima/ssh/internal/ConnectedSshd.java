// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A real sshd for all tests of a class, and a connection to it for each. */
abstract class ConnectedSshd {
    static final Duration TIME = Duration.ofSeconds(60);
    static final Map<String, String> NO_VARIABLES = Map.of();

    @TempDir
    static Path temporary;

    static SshdConnector connector;
    static Path identity;
    static Sshd sshd;

    KeptConnection connection;

    @BeforeAll
    static void start() throws Exception {
        connector = new SshdConnector();
        String userKey = connector.userKey(temporary);
        identity = temporary.resolve("user");
        sshd = Sshd.start(temporary, connector.newHostKey("guest"), userKey);
    }

    @AfterAll
    static void stop() throws IOException {
        connector.stop();
        if (sshd != null) {
            sshd.close();
        }
    }

    @BeforeEach
    void connect() throws Exception {
        sshd.clearLog();
        connection = (KeptConnection) connector.connect(sshd.target(identity), TIME);
    }

    @AfterEach
    void disconnect() {
        connection.close();
        // An sshd that may not signal (see awaitHungUp) leaves them behind.
        Sleeper.end();
    }

    static BufferedReader reader(SshProcess process) {
        return new BufferedReader(new InputStreamReader(process.stdout(), StandardCharsets.UTF_8));
    }

    /**
     * Waits until the sleeping command has been ended. OpenSSH passes signals on only where it has split off a process
     * with the user's rights; for a login as root it does not, and says so in its log.
     */
    static void awaitHungUp() {
        Eventually.holds("the command has been sent HUP", TIME, () -> !Sleeper.runs() || signalRefused());
    }

    static boolean signalRefused() {
        return sshd.log().contains("session signalling requires privilege separation");
    }
}
