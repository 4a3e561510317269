// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecureTransferTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    static Path keys;

    @TempDir
    Path home;

    private final Downloads downloads = new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE);
    private final Recorded progress = new Recorded();

    @BeforeAll
    static void makeCertificate() throws Exception {
        keytool("-genkeypair", "-alias", "s", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost");
        keytool(
                "-exportcert",
                "-alias",
                "s",
                "-rfc",
                "-file",
                keys.resolve("root.pem").toString());
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", keys.resolve("keys.p12").toString(), "-storepass", new String(PASSWORD)));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(words).isZero();
    }

    private static WebServer secure() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys.resolve("keys.p12"))) {
            store.load(in, PASSWORD);
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return new WebServer("https", context.getServerSocketFactory());
    }

    private Path fetch(WebServer server, Desk desk) throws Exception {
        return downloads.fetch(server.url("/a"), null, true, desk.caller(), progress);
    }

    @Test
    void trustsWhatTheCallerTrusts() throws Exception {
        Desk desk = Desk.in(home, "SSL_CERT_FILE", keys.resolve("root.pem").toString());
        try (WebServer server = secure()) {
            server.on("/a", WebServer.file(new byte[] {1, 2, 3}));
            assertThat(fetch(server, desk)).hasBinaryContent(new byte[] {1, 2, 3});
        }
    }

    @Test
    void trustsNobodyElse() throws Exception {
        try (WebServer server = secure()) {
            server.on("/a", WebServer.file(new byte[] {1, 2, 3}));
            assertThatThrownBy(() -> fetch(server, Desk.in(home)))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("no secure connection to localhost")
                    .hasMessageContaining("SSL_CERT_FILE");
        }
    }

    @Test
    void saysThatTheCallersOwnCertificatesCannotBeRead() throws Exception {
        Desk desk = Desk.in(home, "SSL_CERT_FILE", home.resolve("missing.pem").toString());
        try (WebServer server = secure()) {
            assertThatThrownBy(() -> fetch(server, desk))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("SSL_CERT_FILE cannot be used: " + home.resolve("missing.pem"));
        }
    }

    @Test
    void isNotLedFromHttpsToHttp() throws Exception {
        Desk desk = Desk.in(home, "SSL_CERT_FILE", keys.resolve("root.pem").toString());
        try (WebServer secure = secure();
                WebServer plain = new WebServer()) {
            plain.on("/a", WebServer.file(new byte[] {6, 6, 6}));
            secure.on("/a", WebServer.redirect(plain.url("/a")));
            assertThatThrownBy(() -> fetch(secure, desk))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("the server redirects from https to http");
            assertThat(plain.requests()).isEmpty();

            secure.on("/a", WebServer.file(new byte[] {1}));
            plain.on("/a", WebServer.redirect(secure.url("/a")));
            assertThat(fetch(plain, desk)).hasBinaryContent(new byte[] {1});
        }
    }
}
