// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.util.Arrays;
import java.util.Base64;

/**
 * A key pair as OpenSSH writes it to files, without a pass phrase. The format is that of {@code PROTOCOL.key} in the
 * sources of OpenSSH.
 *
 * <p>SSHD could write it as well, but making an instance needs nothing else of SSHD, and loading it costs 100 ms.
 *
 * @param privateText the private file, with its final newline
 * @param publicLine type, base64 and comment
 */
record OpenSshKey(String privateText, String publicLine) {
    private static final String TYPE = "ssh-ed25519";
    private static final String BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private static final String END = "-----END OPENSSH PRIVATE KEY-----";
    private static final byte[] MAGIC = "openssh-key-v1\0".getBytes(StandardCharsets.US_ASCII);
    /** Length of a raw Ed25519 public key, RFC 8032 section 5.1.5. */
    private static final int KEY_BYTES = 32;
    /** What an unencrypted private part is padded to, PROTOCOL.key section 3. */
    private static final int BLOCK = 8;
    /** As ssh-keygen breaks its lines. */
    private static final int LINE = 70;

    /** Makes a new Ed25519 key pair. */
    static OpenSshKey generate(String comment) {
        KeyPair pair;
        try {
            pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("A Java of release 15 or later has Ed25519", e);
        }
        byte[] seed = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
        // The X.509 form of an Ed25519 key ends in the raw key, RFC 8410 section 4.
        byte[] encoded = pair.getPublic().getEncoded();
        byte[] point = Arrays.copyOfRange(encoded, encoded.length - KEY_BYTES, encoded.length);
        try {
            byte[] blob = publicBlob(point);
            String text = armour(file(blob, privatePart(seed, point, comment)));
            return new OpenSshKey(text, publicLine(blob, comment));
        } catch (IOException e) {
            throw new IllegalStateException("Writing to memory does not fail", e);
        }
    }

    /**
     * The public line that belongs to a private file. OpenSSH keeps the public half readable even where the private one
     * is encrypted.
     *
     * @throws IllegalArgumentException when the text is no private key of OpenSSH
     */
    static String publicLine(String privateText, String comment) {
        int begin = privateText.indexOf(BEGIN);
        int end = privateText.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("it does not have the lines \"" + BEGIN + "\" and \"" + END + "\"");
        }
        String body = privateText.substring(begin + BEGIN.length(), end).replaceAll("\\s", "");
        ByteBuffer data = ByteBuffer.wrap(Base64.getDecoder().decode(body));
        try {
            byte[] magic = new byte[MAGIC.length];
            data.get(magic);
            if (!Arrays.equals(magic, MAGIC)) {
                throw new IllegalArgumentException("it does not begin with openssh-key-v1");
            }
            string(data); // cipher
            string(data); // key derivation
            string(data); // its options
            if (data.getInt() != 1) {
                throw new IllegalArgumentException("it holds more than one key");
            }
            return publicLine(string(data), comment);
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("it is cut off", e);
        }
    }

    private static String publicLine(byte[] blob, String comment) {
        String type = new String(string(ByteBuffer.wrap(blob)), StandardCharsets.US_ASCII);
        String line = type + " " + Base64.getEncoder().encodeToString(blob);
        return comment.isEmpty() ? line : line + " " + comment;
    }

    private static byte[] publicBlob(byte[] point) throws IOException {
        Wire blob = new Wire();
        blob.string(TYPE);
        blob.string(point);
        return blob.bytes();
    }

    private static byte[] privatePart(byte[] seed, byte[] point, String comment) throws IOException {
        Wire part = new Wire();
        // Two equal numbers tell a reader with the right pass phrase from one with a wrong one.
        int check = new SecureRandom().nextInt();
        part.number(check);
        part.number(check);
        part.string(TYPE);
        part.string(point);
        part.string(ByteBuffer.allocate(2 * KEY_BYTES).put(seed).put(point).array());
        part.string(comment);
        for (int pad = 1; part.size() % BLOCK != 0; pad++) {
            part.octet(pad);
        }
        return part.bytes();
    }

    private static byte[] file(byte[] blob, byte[] privatePart) throws IOException {
        Wire file = new Wire();
        file.raw(MAGIC);
        file.string("none");
        file.string("none");
        file.string("");
        file.number(1);
        file.string(blob);
        file.string(privatePart);
        return file.bytes();
    }

    private static String armour(byte[] data) {
        // The encoder counts in groups of four characters; ssh-keygen does not.
        String base64 = Base64.getEncoder().encodeToString(data);
        StringBuilder text = new StringBuilder(BEGIN).append('\n');
        for (int i = 0; i < base64.length(); i += LINE) {
            text.append(base64, i, Math.min(i + LINE, base64.length())).append('\n');
        }
        return text.append(END).append('\n').toString();
    }

    private static byte[] string(ByteBuffer data) {
        int length = data.getInt();
        if (length < 0 || length > data.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        data.get(bytes);
        return bytes;
    }

    /** The data types of RFC 4251 section 5. */
    private static final class Wire {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final DataOutputStream data = new DataOutputStream(bytes);

        void raw(byte[] octets) throws IOException {
            data.write(octets);
        }

        void octet(int value) throws IOException {
            data.writeByte(value);
        }

        void number(int value) throws IOException {
            data.writeInt(value);
        }

        void string(byte[] octets) throws IOException {
            number(octets.length);
            raw(octets);
        }

        void string(String text) throws IOException {
            string(text.getBytes(StandardCharsets.UTF_8));
        }

        int size() {
            return bytes.size();
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }
}
