// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import io.jlima.client.Client.Failure;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What the caller wants: words, environment and directory, as the daemon reads them. */
final class Request {
    private Request() {}

    /** Version, directory, umask, terminals, size, what is passed on, words, environment: strings, after their lengths. */
    static byte[] encode(String[] args, Map<String, String> environment) throws IOException, Failure {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(8192);
        DataOutputStream data = new DataOutputStream(bytes);
        put(data, setting(environment, "_JLIMA_VERSION"));
        put(data, System.getProperty("user.dir", "/"));
        put(data, setting(environment, "_JLIMA_UMASK"));
        put(data, setting(environment, "_JLIMA_TERMINALS"));
        put(data, environment.getOrDefault("_JLIMA_SIZE", ""));
        // No stream is passed on: all are copied.
        put(data, "");
        data.writeInt(args.length);
        for (String arg : args) {
            put(data, arg);
        }
        data.writeInt(environment.size());
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            put(data, variable.getKey());
            put(data, variable.getValue());
        }
        return bytes.toByteArray();
    }

    private static void put(DataOutputStream data, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        data.writeInt(bytes.length);
        data.write(bytes);
    }

    /** What the launcher has found out. */
    static String setting(Map<String, String> environment, String name) throws Failure {
        String value = environment.get(name);
        if (value == null) {
            throw new Failure(name.concat(" is not set; start this program by bin/limactl"));
        }
        return value;
    }
}
