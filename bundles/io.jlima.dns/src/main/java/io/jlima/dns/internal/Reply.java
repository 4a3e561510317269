// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Answers of our own making. */
final class Reply {
    /** Response, recursion available; RFC 1035 section 4.1.1. */
    private static final int RESPONSE = 0x8000;

    private static final int AUTHORITATIVE = 0x0400;
    private static final int RECURSION_DESIRED = 0x0100;
    private static final int RECURSION_AVAILABLE = 0x0080;

    /** A pointer to the name in the question. */
    private static final int QUESTION_NAME = 0xc000 | Message.HEADER;

    private Reply() {}

    /** A record about the name asked for. */
    record Data(int type, long ttl, byte[] data) {}

    /** An answer with these records; without any it says that there are none of this type. */
    static byte[] of(Message query, int code, List<Data> records) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        put16(out, query.id());
        put16(
                out,
                RESPONSE
                        | query.opcode() << 11
                        | (records.isEmpty() ? 0 : AUTHORITATIVE)
                        | (query.bytes()[2] & 1) * RECURSION_DESIRED
                        | RECURSION_AVAILABLE
                        | code);
        put16(out, 1);
        put16(out, records.size());
        put16(out, 0);
        put16(out, query.hasOptions() ? 1 : 0);
        out.write(query.bytes(), Message.HEADER, query.questionEnd() - Message.HEADER);
        for (Data record : records) {
            put16(out, QUESTION_NAME);
            put16(out, record.type());
            put16(out, Message.IN);
            put16(out, (int) (record.ttl() >> 16));
            put16(out, (int) record.ttl());
            put16(out, record.data().length);
            out.writeBytes(record.data());
        }
        if (query.hasOptions()) {
            // The root's name, OPT, our limit for datagrams, no flags, no options.
            out.writeBytes(new byte[] {0, 0, Message.OPT, 0x10, 0, 0, 0, 0, 0, 0, 0});
        }
        return out.toByteArray();
    }

    /** An answer to what could not be read beyond its header. */
    static byte[] formatError(byte[] query) {
        byte[] reply = new byte[Message.HEADER];
        System.arraycopy(query, 0, reply, 0, 2);
        reply[2] = (byte) (0x80 | query[2] & 0x78);
        reply[3] = Message.FORMAT_ERROR;
        return reply;
    }

    /** A name as messages have it. */
    static byte[] name(String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
            if (bytes.length > 0) {
                out.write(Math.min(bytes.length, 63));
                out.write(bytes, 0, Math.min(bytes.length, 63));
            }
        }
        out.write(0);
        return out.toByteArray();
    }

    private static void put16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }
}
