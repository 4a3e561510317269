// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate authorities that the host trusts, which may be more than those that a JDK brings along: a company's
 * own, for example. Thread-safe; the last collection read is kept.
 */
final class TrustedRoots {
    private static final Logger LOG = LoggerFactory.getLogger(TrustedRoots.class);

    /** Where systems keep their collection: Debian and its like, Fedora and its like, Alpine and macOS. */
    private static final List<Path> COLLECTIONS = List.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/ssl/cert.pem"));

    private @Nullable Known last;

    /**
     * What to trust: the caller's {@code SSL_CERT_FILE}, else the system's own collection; empty when there is neither,
     * and the JDK's is to be used.
     *
     * @throws LimaException when the caller's own file cannot be used
     */
    synchronized Optional<SSLContext> of(HostEnvironment caller) {
        Optional<Path> own = caller.variable("SSL_CERT_FILE").map(caller::resolve);
        Optional<Path> file =
                own.or(() -> COLLECTIONS.stream().filter(Files::isReadable).findFirst());
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try {
            FileTime time = Files.getLastModifiedTime(file.get());
            Known known = last;
            if (known == null || !known.file.equals(file.get()) || !known.time.equals(time)) {
                known = new Known(file.get(), time, read(file.get()));
                last = known;
            }
            return Optional.of(known.context);
        } catch (IOException | GeneralSecurityException e) {
            if (own.isPresent()) {
                throw new LimaException("The certificates in SSL_CERT_FILE cannot be used: " + own.get(), e);
            }
            LOG.warn("The certificates in {} cannot be used; those of the JDK are", file.get(), e);
            return Optional.empty();
        }
    }

    private static SSLContext read(Path file) throws IOException, GeneralSecurityException {
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            int number = 0;
            for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                roots.setCertificateEntry(Integer.toString(number++), root);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private record Known(Path file, FileTime time, SSLContext context) {}
}
