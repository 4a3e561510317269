// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.guest.PortForwards.Entry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ports below 1024 where the system gives them to root only: in a network of its own, where that is so whatever this host
 * is set to, and as a user who is nobody there.
 */
@Timeout(120)
class OrdinaryUserTest {
    private static final List<String> NOBODY = List.of("unshare", "--user", "--net");

    /** What the other process does; prints what became of the ports. */
    public static void main(String[] none) throws Exception {
        PortForwardService service = new PortForwardService(null);
        service.addPortForwarder(
                new AgentForwarder(), Map.of(PortForwarder.TRANSPORT, "agent", "service.ranking", 200));
        FakeAgent agent = new FakeAgent();
        FakeGuest guest = new FakeGuest("a", "ip=0.0.0.0,hostIP=0.0.0.0", agent);
        Attachment attachment = service.attach(guest);
        guest.isUp();
        agent.opened(GuestAddress.tcp("0.0.0.0", 80));
        System.out.println(guest.await("failed", 80));
        agent.opened(GuestAddress.tcp("0.0.0.0", 8080));
        System.out.println(guest.await("forwarding", 8080));
        for (Entry entry : service.list("a")) {
            System.out.println(entry.guest() + " " + entry.state() + " " + entry.reason());
        }
        System.out.println("troubles: " + guest.troubles());
        attachment.close();
    }

    private static Process run(List<String> command) throws Exception {
        List<String> words = new java.util.ArrayList<>(NOBODY);
        words.addAll(command);
        return new ProcessBuilder(words).redirectErrorStream(true).start();
    }

    private static boolean hasNobody() throws Exception {
        try {
            return run(List.of("true")).waitFor() == 0;
        } catch (java.io.IOException e) {
            return false;
        }
    }

    @Test
    void isToldWhyAPortIsNotHis() throws Exception {
        Assumptions.assumeTrue(hasNobody(), "no namespaces may be made here");
        Process other = run(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                OrdinaryUserTest.class.getName()));
        other.getOutputStream().close();
        String said = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(other.waitFor()).as(said).isZero();
        assertThat(said)
                .contains("the host lets only root listen on port 80 (see net.ipv4.ip_unprivileged_port_start")
                .containsPattern("tcp 0\\.0\\.0\\.0:80 FAILED the host lets only root")
                .contains("tcp 0.0.0.0:8080 FORWARDED null")
                .contains("troubles: []");
    }
}
