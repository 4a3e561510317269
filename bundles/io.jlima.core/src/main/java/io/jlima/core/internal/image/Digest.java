// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/**
 * A digest that a file must have.
 *
 * @param algorithm {@code sha256}, {@code sha384} or {@code sha512}
 * @param hex lower case
 */
record Digest(String algorithm, String hex) {
    private static final Map<String, String> JCA_NAMES =
            Map.of("sha256", "SHA-256", "sha384", "SHA-384", "sha512", "SHA-512");

    /**
     * Reads {@code algorithm:hex}.
     *
     * @throws LimaException when it is not a digest of a known algorithm
     */
    static Digest parse(String text) {
        int colon = text.indexOf(':');
        String algorithm = colon < 0 ? "" : text.substring(0, colon).toLowerCase(Locale.ROOT);
        String hex = text.substring(colon + 1).toLowerCase(Locale.ROOT);
        boolean known = JCA_NAMES.containsKey(algorithm);
        int digits = known ? Integer.parseInt(algorithm.substring(3)) / 4 : 0;
        if (!known || hex.length() != digits || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw new LimaException(
                    "The digest " + text + " cannot be used",
                    "Write it as sha256:, sha384: or sha512: with 64, 96 or 128 hexadecimal digits.");
        }
        return new Digest(algorithm, hex);
    }

    MessageDigest start() {
        try {
            return MessageDigest.getInstance(JCA_NAMES.getOrDefault(algorithm, algorithm));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The digest of these bytes, by the same algorithm. */
    Digest finish(MessageDigest bytes) {
        return new Digest(algorithm, HexFormat.of().formatHex(bytes.digest()));
    }

    /** The digest of a file, by the same algorithm. */
    Digest of(Path file) throws IOException, InterruptedException {
        MessageDigest digest = start();
        update(digest, file);
        return finish(digest);
    }

    static void update(MessageDigest digest, Path file) throws IOException, InterruptedException {
        byte[] buffer = new byte[1 << 18];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n; (n = in.read(buffer)) >= 0; ) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                digest.update(buffer, 0, n);
            }
        }
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
