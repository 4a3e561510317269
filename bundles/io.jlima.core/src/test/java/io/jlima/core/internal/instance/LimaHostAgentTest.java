// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimaHostAgentTest {
    @TempDir
    Path directory;

    @Test
    void whatLimaRunsIsSeenAndLeftAlone() throws Exception {
        InstanceFolder folder = new InstanceFolder("x", directory);
        assertThat(LimaHostAgent.runs(folder)).isFalse();
        Process hostAgent = process("hostagent");
        Process other = process("something");
        try {
            folder.write("ha.pid", hostAgent.pid() + "\n", "rw-r--r--");
            assertThat(LimaHostAgent.runs(folder)).isTrue();
            assertThatThrownBy(() -> LimaHostAgent.refuse(folder))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("`x` is being run by Lima");

            folder.write("ha.pid", other.pid() + "\n", "rw-r--r--");
            assertThat(LimaHostAgent.runs(folder)).as("pid of another program").isFalse();

            folder.write("ha.pid", ProcessHandle.current().pid() + "\n", "rw-r--r--");
            assertThat(LimaHostAgent.runs(folder)).as("our own pid").isFalse();

            folder.write("ha.pid", "rubbish", "rw-r--r--");
            LimaHostAgent.refuse(folder);
        } finally {
            hostAgent.destroyForcibly().waitFor();
            other.destroyForcibly().waitFor();
        }
        folder.write("ha.pid", hostAgent.pid() + "\n", "rw-r--r--");
        assertThat(LimaHostAgent.runs(folder)).as("pid of nobody").isFalse();
    }

    /** A process that waits on its input and has the word among its arguments, as Lima's has. */
    private static Process process(String word) throws IOException {
        return new ProcessBuilder("/bin/sh", "-c", "read line", word).start();
    }
}
