// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Messages for tests, written apart from the code under test. */
final class Wire {
    static final int RESPONSE = 0x8180;

    private Wire() {}

    static byte[] query(int id, String name, int type) {
        return query(id, name, type, 0);
    }

    /** @param size what the EDNS record says; 0 for none */
    static byte[] query(int id, String name, int type, int size) {
        ByteArrayOutputStream out = header(id, 0x0100, 0, size > 0 ? 1 : 0);
        question(out, name, type);
        if (size > 0) {
            out.write(0);
            u16(out, 41);
            u16(out, size);
            u16(out, 0);
            u16(out, 0);
            u16(out, 0);
        }
        return out.toByteArray();
    }

    /** An answer with so many records of the type, each of this data. */
    static byte[] answer(Message query, int code, long ttl, int count, byte[] data) {
        ByteArrayOutputStream out = header(query.id(), RESPONSE | code, count, 0);
        question(out, query.name(), query.type());
        for (int i = 0; i < count; i++) {
            u16(out, 0xc00c);
            u16(out, query.type());
            u16(out, 1);
            u16(out, (int) (ttl >> 16));
            u16(out, (int) ttl);
            u16(out, data.length);
            out.writeBytes(data);
        }
        return out.toByteArray();
    }

    private static ByteArrayOutputStream header(int id, int flags, int answers, int additional) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        u16(out, id);
        u16(out, flags);
        u16(out, 1);
        u16(out, answers);
        u16(out, 0);
        u16(out, additional);
        return out;
    }

    private static void question(ByteArrayOutputStream out, String name, int type) {
        for (String label : name.split("\\.")) {
            out.write(label.length());
            for (char c : label.toCharArray()) {
                out.write(c);
            }
        }
        out.write(0);
        u16(out, type);
        u16(out, 1);
    }

    static void u16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8 & 0xff);
        out.write(value & 0xff);
    }

    static Message parse(byte[] bytes) {
        try {
            return Message.parse(bytes);
        } catch (MalformedMessage e) {
            throw new AssertionError(e);
        }
    }

    /** The data of all answers of a type, as text: addresses with dots, the rest in hexadecimal. */
    static List<String> data(Message message, int type) {
        List<String> all = new ArrayList<>();
        for (Message.Section record : message.records()) {
            if (record.place() == Message.Place.ANSWER && record.type() == type) {
                List<String> words = new ArrayList<>();
                for (int i = 0; i < record.dataLength(); i++) {
                    int octet = message.bytes()[record.dataAt() + i] & 0xff;
                    words.add(type == Message.A ? Integer.toString(octet) : "%02x".formatted(octet));
                }
                all.add(String.join(type == Message.A ? "." : "", words));
            }
        }
        return all;
    }
}
