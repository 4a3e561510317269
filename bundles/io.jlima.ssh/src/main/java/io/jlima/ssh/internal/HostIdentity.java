// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.sshd.client.keyverifier.ServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.common.signature.Signature;
import org.jspecify.annotations.Nullable;

/** The one key that the other end of a connection may have, and what it showed instead. */
final class HostIdentity {
    /** Carries the identity from the caller of connect to the verifier, which all connections share. */
    static final AttributeKey<HostIdentity> ATTRIBUTE = new AttributeKey<>();

    private final PublicKey expected;
    private volatile @Nullable PublicKey foreign;

    /**
     * @param publicKey type and base64 text, as in known_hosts
     * @throws LimaException when that is no public key
     */
    HostIdentity(String publicKey) {
        try {
            expected = PublicKeyEntry.parsePublicKeyEntry(publicKey.strip()).resolvePublicKey(null, Map.of(), null);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw new LimaException("The host key kept for the guest is no public key: " + publicKey, e);
        }
    }

    /** The fingerprint of the key expected. */
    String fingerprint() {
        return KeyUtils.getFingerPrint(expected);
    }

    /** The fingerprint of a key that was shown and refused; null when there was none. */
    @Nullable
    String foreignFingerprint() {
        PublicKey key = foreign;
        return key == null ? null : KeyUtils.getFingerPrint(key);
    }

    private boolean accept(PublicKey shown) {
        if (KeyUtils.compareKeys(expected, shown)) {
            return true;
        }
        foreign = shown;
        return false;
    }

    /**
     * The signature algorithms with those of the expected key first: a server with several keys shows the one for the
     * first algorithm of the client that it has. The others stay, so that a foreign server is recognised by its key.
     */
    private List<NamedFactory<Signature>> preferred(List<NamedFactory<Signature>> all) {
        String type = KeyUtils.getKeyType(expected);
        List<NamedFactory<Signature>> sorted = new ArrayList<>();
        all.stream().filter(one -> type.equals(keyType(one))).forEach(sorted::add);
        all.stream().filter(one -> !type.equals(keyType(one))).forEach(sorted::add);
        return sorted;
    }

    private static String keyType(NamedFactory<Signature> factory) {
        return KeyUtils.getCanonicalKeyType(factory.getName());
    }

    private static @Nullable HostIdentity of(ClientSession session) {
        return session.getConnectionContext() == null
                ? null
                : session.getConnectionContext().getAttribute(ATTRIBUTE);
    }

    /** Accepts the expected key of the session it is asked about and no other. */
    static final class Verifier implements ServerKeyVerifier {
        @Override
        public boolean verifyServerKey(ClientSession session, SocketAddress remote, PublicKey shown) {
            HostIdentity identity = of(session);
            return identity != null && identity.accept(shown);
        }
    }

    /** Puts the expected key's algorithms first before a session proposes any. */
    static final class Preference implements SessionListener {
        @Override
        public void sessionCreated(Session session) {
            if (session instanceof ClientSession client) {
                HostIdentity identity = of(client);
                if (identity != null) {
                    client.setSignatureFactories(identity.preferred(client.getSignatureFactories()));
                }
            }
        }
    }
}
