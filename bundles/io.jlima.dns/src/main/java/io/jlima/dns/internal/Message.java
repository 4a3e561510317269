// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A DNS message with one question (RFC 1035 section 4). The bytes are kept as they came: records of whatever type are
 * passed on unread, and only the places of their lifetimes are known.
 *
 * @param bytes the whole message; not to be changed
 * @param name name asked for, in lower case, without the final dot; a dot within a label is {@code \.}
 * @param questionEnd offset of the first record
 */
record Message(byte[] bytes, String name, int type, int questionClass, int questionEnd, List<Section> records) {
    static final int HEADER = 12;

    static final int A = 1;
    static final int CNAME = 5;
    static final int SOA = 6;
    static final int PTR = 12;
    static final int AAAA = 28;
    static final int OPT = 41;
    static final int IN = 1;

    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int SERVER_FAILURE = 2;
    static final int NO_SUCH_NAME = 3;
    static final int NOT_IMPLEMENTED = 4;

    /** Bits of the third byte, and of the fourth. */
    private static final int RESPONSE = 0x80;

    private static final int TRUNCATED = 0x02;

    /** Section 2.3.4: octets of a name. */
    private static final int LONGEST_NAME = 255;

    /** Where one record lies; {@code type} and {@code place} tell what it is for. */
    record Section(Place place, int type, int recordClass, int begin, int ttlAt, int dataAt, int dataLength) {}

    /** Which part of a message a record is in. */
    enum Place {
        ANSWER,
        AUTHORITY,
        ADDITIONAL
    }

    static Message parse(byte[] bytes) throws MalformedMessage {
        if (bytes.length < HEADER) {
            throw new MalformedMessage("shorter than a header");
        }
        if (u16(bytes, 4) != 1) {
            throw new MalformedMessage("not one question");
        }
        StringBuilder name = new StringBuilder();
        int at = name(bytes, HEADER, name);
        require(bytes, at, 4);
        int type = u16(bytes, at);
        int questionClass = u16(bytes, at + 2);
        at += 4;
        List<Section> records = new ArrayList<>();
        int questionEnd = at;
        for (Place place : Place.values()) {
            int count = u16(bytes, 6 + 2 * place.ordinal());
            for (int i = 0; i < count; i++) {
                Section record = record(bytes, at, place);
                records.add(record);
                at = record.dataAt() + record.dataLength();
            }
        }
        return new Message(bytes, name.toString(), type, questionClass, questionEnd, List.copyOf(records));
    }

    private static Section record(byte[] bytes, int begin, Place place) throws MalformedMessage {
        int at = name(bytes, begin, null);
        require(bytes, at, 10);
        int length = u16(bytes, at + 8);
        require(bytes, at + 10, length);
        return new Section(place, u16(bytes, at), u16(bytes, at + 2), begin, at + 4, at + 10, length);
    }

    /** Reads a name and returns where what follows it begins. Pointers lead backwards only, so that there is an end. */
    private static int name(byte[] bytes, int begin, @Nullable StringBuilder into) throws MalformedMessage {
        int at = begin;
        int end = -1;
        int lowest = begin;
        int octets = 1;
        while (true) {
            require(bytes, at, 1);
            int length = bytes[at] & 0xff;
            if (length == 0) {
                return end < 0 ? at + 1 : end;
            }
            if (length >= 0xc0) {
                require(bytes, at, 2);
                int target = (length & 0x3f) << 8 | bytes[at + 1] & 0xff;
                if (target >= lowest || target < HEADER) {
                    throw new MalformedMessage("a pointer that does not lead back to a name");
                }
                end = end < 0 ? at + 2 : end;
                lowest = target;
                at = target;
                continue;
            }
            if (length > 63) {
                throw new MalformedMessage("a label of an unknown kind");
            }
            require(bytes, at + 1, length);
            octets += length + 1;
            if (octets > LONGEST_NAME) {
                throw new MalformedMessage("a name that is too long");
            }
            if (into != null) {
                label(bytes, at + 1, length, into);
            }
            at += length + 1;
        }
    }

    private static void label(byte[] bytes, int at, int length, StringBuilder into) {
        String label = new String(bytes, at, length, StandardCharsets.ISO_8859_1);
        into.append(into.isEmpty() ? "" : ".")
                .append(label.replace("\\", "\\\\").replace(".", "\\.").toLowerCase(Locale.ROOT));
    }

    private static void require(byte[] bytes, int at, int count) throws MalformedMessage {
        if (at + count > bytes.length) {
            throw new MalformedMessage("cut off");
        }
    }

    static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    static long u32(byte[] bytes, int at) {
        return (long) u16(bytes, at) << 16 | u16(bytes, at + 2);
    }

    static void put16(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
    }

    static void put32(byte[] bytes, int at, long value) {
        put16(bytes, at, (int) (value >> 16));
        put16(bytes, at + 2, (int) value);
    }

    int id() {
        return u16(bytes, 0);
    }

    boolean isResponse() {
        return (bytes[2] & RESPONSE) != 0;
    }

    boolean isTruncated() {
        return (bytes[2] & TRUNCATED) != 0;
    }

    /** 0 for an ordinary query; section 4.1.1. */
    int opcode() {
        return bytes[2] >> 3 & 0xf;
    }

    int code() {
        return bytes[3] & 0xf;
    }

    private @Nullable Section options() {
        for (Section record : records) {
            // RFC 6891 section 6.1.2: its name is the root. Another one could point at what a shorter answer has not.
            if (record.type() == OPT && bytes[record.begin()] == 0) {
                return record;
            }
        }
        return null;
    }

    /** How long a UDP answer may be: what the EDNS record says (RFC 6891), else 512. */
    int datagramLimit() {
        Section options = options();
        return options == null ? 512 : Math.clamp(options.recordClass(), 512, 4096);
    }

    boolean hasOptions() {
        return options() != null;
    }

    /** Whether DNSSEC records are wanted, RFC 3225. */
    boolean wantsSignatures() {
        Section options = options();
        return options != null && (u16(bytes, options.ttlAt() + 2) & 0x8000) != 0;
    }

    /** Whether unchecked data is welcome, RFC 4035 section 3.2.2. */
    boolean isCheckingDisabled() {
        return (bytes[3] & 0x10) != 0;
    }

    /** Whether this is an answer to that question. */
    boolean answers(Message query) {
        return isResponse() && type == query.type && questionClass == query.questionClass && name.equals(query.name);
    }

    /** The same with another id. */
    byte[] withId(int id) {
        byte[] copy = bytes.clone();
        put16(copy, 0, id);
        return copy;
    }

    /** The header and the question with a note that there is more than fits. */
    byte[] truncated(int id) {
        Section options = options();
        int extra = options == null ? 0 : options.dataAt() + options.dataLength() - options.begin();
        byte[] copy = new byte[questionEnd + extra];
        System.arraycopy(bytes, 0, copy, 0, questionEnd);
        put16(copy, 0, id);
        copy[2] |= TRUNCATED;
        put32(copy, 6, 0);
        put16(copy, 10, options == null ? 0 : 1);
        if (options != null) {
            System.arraycopy(bytes, options.begin(), copy, questionEnd, extra);
        }
        return copy;
    }
}
