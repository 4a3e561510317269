// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ports of 127.0.0.1 that lead to the guests' sshd. Thread-safe. */
final class SshPorts {
    private static final Pattern PORT_LINE = Pattern.compile("(?m)^\\s*Port[ \\t]+(\\d{1,5})\\s*$");

    private static final int HIGHEST = 65535;

    /** Ports promised to instances that are about to start, so that two starts at once do not choose the same. */
    private final Map<Integer, String> promised = new ConcurrentHashMap<>();

    /** The port of the last start, from {@code ssh.config}; 0 when there was none. */
    int last(InstanceFolder folder) {
        try {
            Matcher line = PORT_LINE.matcher(Files.readString(folder.file("ssh.config")));
            int port = line.find() ? Integer.parseInt(line.group(1)) : 0;
            return port <= HIGHEST ? port : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Chooses the port of a start: the configured one, else that of the last start if it is free, else any.
     *
     * @param configured from lima.yaml, 0 for any
     * @throws LimaException when the configured one is taken
     */
    synchronized int choose(InstanceFolder folder, int configured) {
        promised.values().remove(folder.name());
        if (configured != 0) {
            String holder = promised.get(configured);
            if (holder != null || !isFree(configured)) {
                throw new LimaException(
                        "port " + configured + " of 127.0.0.1, which ssh.localPort asks for, is already taken"
                                + (holder == null ? "" : " by instance `" + holder + "`"),
                        "End the program that listens there (ss -ltnp 'sport = :" + configured
                                + "' names it), or set ssh.localPort to 0 to use any free port");
            }
            promised.put(configured, folder.name());
            return configured;
        }
        int port = last(folder);
        if (port == 0 || promised.containsKey(port) || !isFree(port)) {
            do {
                port = anyFree();
            } while (promised.containsKey(port));
        }
        promised.put(port, folder.name());
        return port;
    }

    synchronized void release(InstanceFolder folder) {
        promised.values().remove(folder.name());
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int anyFree() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new LimaException("no free port on 127.0.0.1", e);
        }
    }
}
