// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Progress;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAgent;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.guest.GuestSetup.VolumeFile;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Machine;
import io.jlima.testing.BareAgent;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the platform does for a guest's agent: its file on the volume, its session, and word of the machine. */
class GuestAgentTest {
    @TempDir
    Path path;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private Rig rig;

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        rig.instance("x", "good");
    }

    @AfterEach
    void close() throws InterruptedException {
        rig.close();
    }

    private final class Kind implements GuestAgent {
        @Override
        public GuestSetup setup(SetupRequest request) {
            byte[] program = "the agent's program".getBytes(StandardCharsets.US_ASCII);
            return new GuestSetup(
                    List.of(),
                    List.of(new VolumeFile("agent", () -> new ByteArrayInputStream(program), true)),
                    List.of(),
                    Map.of());
        }

        @Override
        public AgentSession connect(Guest guest) {
            told.add("connect " + guest.name());
            return new Session();
        }
    }

    private final class Session extends BareAgent {
        @Override
        public void happened(Machine.Event event) {
            told.add(event.getClass().getSimpleName());
        }

        @Override
        public void close() {
            told.add("close");
        }
    }

    @Test
    void aSessionLivesAsLongAsItsMachine() throws Exception {
        rig.drivers.addGuestAgent(new Kind(), Map.of());
        InstancesService service = rig.service();
        rig.connector.boot();
        service.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(told).containsExactly("connect x");
        byte[] volume = Files.readAllBytes(rig.home.instance("x").file("cidata.iso"));
        assertThat(new String(volume, StandardCharsets.ISO_8859_1)).contains("the agent's program");
        rig.hypervisor.last().listener.happened(new Machine.Paused());
        rig.hypervisor.last().listener.happened(new Machine.Resumed());
        service.stop("x", false, Progress.SILENT);
        assertThat(told).containsExactly("connect x", "Paused", "Resumed", "close");
    }
}
