// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/**
 * System use entries of ISO 9660 directory records: what makes a volume look like a Unix file system.
 *
 * <p>Formats and lengths are those of the System Use Sharing Protocol (IEEE P1281, version 1.12) and of the Rock Ridge
 * Interchange Protocol (IEEE P1282, version 1.12); section numbers below are those of these documents.
 */
final class RockRidge {
    /** SUSP 5.1: length of a CE entry. */
    static final int CE_LENGTH = 28;

    /** SUSP 4.1: an entry's length is one byte, and a record of 255 bytes would break the rule of even lengths. */
    private static final int LONGEST_ENTRY = 254;

    /** RRIP 4.1.4: more of the name follows in the next NM entry. */
    private static final int NM_CONTINUE = 0x01;

    /** RRIP 4.1.6: times of modification (0x02), access (0x04) and attributes (0x08) in the short form. */
    private static final int TF_FLAGS = 0x0e;

    private RockRidge() {}

    /** SUSP 5.3: says that system use entries exist and begin at once. Stands first in the root's own record. */
    static byte[] sharingProtocol() {
        return new byte[] {'S', 'P', 7, 1, (byte) 0xbe, (byte) 0xef, 0};
    }

    /** SUSP 5.5 and RRIP 4.3: names the extension in use. */
    static byte[] extensionReference() {
        byte[] id = ascii("RRIP_1991A");
        byte[] text = ascii("THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS");
        byte[] source = ascii("SEE IEEE P1282");
        byte[] entry = new byte[8 + id.length + text.length + source.length];
        header(entry, "ER");
        entry[4] = (byte) id.length;
        entry[5] = (byte) text.length;
        entry[6] = (byte) source.length;
        entry[7] = 1;
        System.arraycopy(id, 0, entry, 8, id.length);
        System.arraycopy(text, 0, entry, 8 + id.length, text.length);
        System.arraycopy(source, 0, entry, 8 + id.length + text.length, source.length);
        return entry;
    }

    /** RRIP 4.1.1 in the form of version 1.10: mode with file type, links, owner 0, group 0. */
    static byte[] attributes(int mode, int links) {
        byte[] entry = new byte[36];
        header(entry, "PX");
        bothEndian(entry, 4, mode);
        bothEndian(entry, 12, links);
        return entry;
    }

    /** RRIP 4.1.6. */
    static byte[] times(Instant time) {
        byte[] entry = new byte[5 + 3 * 7];
        header(entry, "TF");
        entry[4] = TF_FLAGS;
        for (int at = 5; at < entry.length; at += 7) {
            shortTime(entry, at, time);
        }
        return entry;
    }

    /** RRIP 4.1.4: the real name, in as many entries as it needs. */
    static List<byte[]> name(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        List<byte[]> entries = new ArrayList<>();
        int at = 0;
        do {
            int length = Math.min(bytes.length - at, LONGEST_ENTRY - 5);
            byte[] entry = new byte[5 + length];
            header(entry, "NM");
            entry[4] = (byte) (at + length < bytes.length ? NM_CONTINUE : 0);
            System.arraycopy(bytes, at, entry, 5, length);
            entries.add(entry);
            at += length;
        } while (at < bytes.length);
        return entries;
    }

    /** SUSP 5.1: where the entries go on that the record has no room for. */
    static byte[] continuation(int sector, int offset, int length) {
        byte[] entry = new byte[CE_LENGTH];
        header(entry, "CE");
        bothEndian(entry, 4, sector);
        bothEndian(entry, 12, offset);
        bothEndian(entry, 20, length);
        return entry;
    }

    /** ECMA-119 9.1.5: date and time in seven bytes, here always in UTC. */
    static void shortTime(byte[] target, int at, Instant time) {
        OffsetDateTime utc = time.atOffset(ZoneOffset.UTC);
        target[at] = (byte) (utc.getYear() - 1900);
        target[at + 1] = (byte) utc.getMonthValue();
        target[at + 2] = (byte) utc.getDayOfMonth();
        target[at + 3] = (byte) utc.getHour();
        target[at + 4] = (byte) utc.getMinute();
        target[at + 5] = (byte) utc.getSecond();
        target[at + 6] = 0;
    }

    /** ECMA-119 7.3.3: a 32-bit number, first with its least, then with its most significant byte first. */
    static void bothEndian(byte[] target, int at, int value) {
        littleEndian(target, at, value);
        bigEndian(target, at + 4, value);
    }

    static void littleEndian(byte[] target, int at, int value) {
        for (int i = 0; i < 4; i++) {
            target[at + i] = (byte) (value >>> (8 * i));
        }
    }

    static void bigEndian(byte[] target, int at, int value) {
        for (int i = 0; i < 4; i++) {
            target[at + i] = (byte) (value >>> (24 - 8 * i));
        }
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void header(byte[] entry, String signature) {
        entry[0] = (byte) signature.charAt(0);
        entry[1] = (byte) signature.charAt(1);
        entry[2] = (byte) entry.length;
        entry[3] = 1;
    }
}
