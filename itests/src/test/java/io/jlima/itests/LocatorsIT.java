// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where templates come from, and what instances made of them are called. */
class LocatorsIT {
    private static final String YAML = "# mine\nimages: [{location: /a.img}]\ncpus: 1\n";

    private SilentGuest guest;
    private Home home;

    @BeforeEach
    void makeHome() {
        guest = new SilentGuest();
        home = guest.home();
        home.workingIn(home.path);
    }

    @AfterEach
    void removeHome() throws IOException {
        home.close();
        guest.close();
    }

    private String copied(String locator) {
        return home.good("template", "copy", "--verbatim", locator).out();
    }

    private List<String> instances() {
        return home.good("list", "-q").out().lines().sorted().toList();
    }

    @Test
    void theSameTextComesFromEverywhere() throws IOException {
        Path file = home.write("my box.yaml", YAML);
        Path store = Files.createDirectories(home.path.resolve("_templates/own"));
        Files.writeString(store.resolve("boxed-1.5.yaml"), YAML);
        assertThat(copied(file.toString())).isEqualTo(YAML);
        assertThat(copied("my box.yaml")).isEqualTo(YAML);
        assertThat(copied("./my box.yaml")).isEqualTo(YAML);
        assertThat(copied("file://" + file)).isEqualTo(YAML);
        assertThat(copied("file://" + file.toString().replace(" ", "%20"))).isEqualTo(YAML);
        assertThat(copied("template:own/boxed-1.5")).isEqualTo(YAML);
        Result old = home.good("template", "copy", "--verbatim", "template://own/boxed-1.5");
        assertThat(old.out()).isEqualTo(YAML);
        assertThat(old.err()).contains("template:own/boxed-1.5");
        try (WebServer server = WebServer.serving(YAML.getBytes(StandardCharsets.UTF_8))) {
            assertThat(copied(server.address("a/box.yaml"))).isEqualTo(YAML);
            assertThat(server.asked()).contains("/a/box.yaml");
            assertThat(home.good("validate", server.address("box.yaml")).err()).contains("OK");
        }
        Result fed = home.limactlFed(YAML, "validate", "-");
        assertThat(fed.code()).as(fed.all()).isZero();
    }

    @Test
    void instancesAreCalledAsTheirTemplates() throws IOException {
        home.write("File-Box.YAML", guest.yaml());
        home.good("create", "--tty=false", "File-Box.YAML");
        Path store = Files.createDirectories(home.path.resolve("_templates/own"));
        Files.writeString(store.resolve("stored.yaml"), guest.yaml());
        home.good("create", "--tty=false", "template:own/stored");
        try (WebServer server = WebServer.serving(guest.yaml().getBytes(StandardCharsets.UTF_8))) {
            home.good("create", "--tty=false", server.address("deep/paged.yml"));
        }
        Result nameless = home.limactlFed(guest.yaml(), "create", "-");
        assertThat(nameless.code()).isEqualTo(1);
        assertThat(nameless.err()).contains("--name");
        Result named = home.limactlFed(guest.yaml(), "create", "--name", "fed", "-");
        assertThat(named.code()).as(named.all()).isZero();
        home.good(
                "create", "--tty=false", guest.image(32 << 20).toString(), "--name", "imaged", "--containerd", "none");
        assertThat(instances()).containsExactly("fed", "file-box", "imaged", "paged", "stored");
    }

    @Test
    void aBaseIsFoundBesideItsTemplate() throws IOException {
        home.write("base.yaml", "memory: 1GiB # of the base\n");
        try (WebServer server = WebServer.serving("memory: 3GiB # of the web\n".getBytes(StandardCharsets.UTF_8))) {
            Path over = home.write("over.yaml", "base: [base.yaml, " + server.address("b.yaml") + "]\n" + YAML);
            String whole = home.good("template", "copy", "--embed-all", over.toString())
                    .out();
            assertThat(whole).contains("memory: 1GiB # of the base", "cpus: 1").doesNotContain("base:");
        }
        Result fed = home.limactlFed("base: base.yaml\n" + YAML, "template", "copy", "--embed-all", "-", "-");
        assertThat(fed.out()).as(fed.all()).contains("memory: 1GiB");
    }

    /** GitHub is asked over TLS, so a stand-in sees no more than which host is wanted. */
    @Test
    void githubIsAskedThroughTheProxyOfTheCaller() throws IOException {
        List<String> asked = new CopyOnWriteArrayList<>();
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.startVirtualThread(() -> refuse(proxy, asked));
            home.with("https_proxy", "http://127.0.0.1:" + proxy.getLocalPort())
                    .with("HTTPS_PROXY", null)
                    .with("no_proxy", null)
                    .with("NO_PROXY", null);
            Result of = home.limactl("validate", "github:lima-vm/lima/templates/default@master");
            assertThat(of.code()).isEqualTo(1);
            assertThat(of.err())
                    .contains("https://raw.githubusercontent.com/lima-vm/lima/master/templates/default.yaml");
            Result branch = home.limactl("validate", "github:lima-vm");
            assertThat(branch.code()).isEqualTo(1);
            assertThat(branch.err()).contains("https://api.github.com/repos/lima-vm/lima-vm");
        }
        assertThat(asked)
                .contains("CONNECT raw.githubusercontent.com:443 HTTP/1.1", "CONNECT api.github.com:443 HTTP/1.1");
        assertThat(instances()).isEmpty();
    }

    private static void refuse(ServerSocket proxy, List<String> asked) {
        while (!proxy.isClosed()) {
            try (Socket client = proxy.accept()) {
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
                asked.add(String.valueOf(lines.readLine()));
                for (String line = lines.readLine(); line != null && !line.isEmpty(); ) {
                    line = lines.readLine();
                }
                client.getOutputStream()
                        .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                if (!proxy.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    @Test
    void whatIsNowhereIsToldWithWhatWouldWork() throws IOException {
        for (String locator : List.of(
                "template:nosuch",
                "./nosuch.yaml",
                "file:///nosuch.yaml",
                "file://nosuch.yaml",
                "template:../up",
                "github:",
                "github:lima-vm/lima/../up@x",
                "http:///x.yaml")) {
            Result result = home.limactl("validate", locator);
            assertThat(result.code()).as(locator).isEqualTo(1);
            assertThat(result.err()).as(locator).contains("level=fatal").doesNotContain("Exception", "internal");
        }
        assertThat(instances()).isEmpty();
    }
}
