// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.security.Provider;
import java.security.Security;
import java.util.Optional;
import org.apache.sshd.common.util.security.SecurityProviderRegistrar;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSASupport;

/**
 * Tells SSHD of the JDK's elliptic curve provider, and of the Ed25519 in it. SSHD asks a registrar which algorithms it
 * stands for; this one names none, so that all of them are found in the JDK's own order.
 */
final class JdkSecurity implements SecurityProviderRegistrar {
    /** Registers, once per SSHD however often it is called; to be done before the first client is built. */
    static void register() {
        SecurityUtils.registerSecurityProvider(new JdkSecurity());
    }

    @Override
    public String getName() {
        return "SunEC";
    }

    @Override
    public boolean isSupported() {
        return getSecurityProvider() != null;
    }

    @Override
    @SuppressWarnings("NullAway") // SSHD's interface allows null, but has no annotation to say so.
    public Provider getSecurityProvider() {
        return Security.getProvider(getName());
    }

    @Override
    public Optional<EdDSASupport<?, ?>> getEdDSASupport() {
        return Optional.of(new JdkEd25519());
    }
}
