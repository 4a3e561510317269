// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Private key files to log in with. */
final class Identities {
    private static final Logger LOG = LoggerFactory.getLogger(Identities.class);

    private Identities() {}

    /**
     * Reads the files that can be read without asking anybody.
     *
     * @throws LimaException when that is none of them
     */
    static List<KeyPair> load(List<Path> files) {
        List<KeyPair> pairs = new ArrayList<>();
        List<String> troubles = new ArrayList<>();
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                Iterable<KeyPair> found = SecurityUtils.loadKeyPairIdentities(
                        null, NamedResource.ofName(file.toString()), in, FilePasswordProvider.EMPTY);
                if (found == null) {
                    troubles.add(file + ": no private key in it");
                } else {
                    found.forEach(pairs::add);
                }
            } catch (NoSuchFileException e) {
                troubles.add(file + ": no such file");
            } catch (IOException | GeneralSecurityException | RuntimeException e) {
                troubles.add(file + ": " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            }
        }
        if (pairs.isEmpty()) {
            throw new LimaException(
                    "There is no private key to log in with",
                    String.join("\n", troubles),
                    "A key with a pass phrase cannot be used here; the one that jlima makes has none.",
                    null);
        }
        troubles.forEach(trouble -> LOG.debug("Not used to log in: {}", trouble));
        return pairs;
    }
}
