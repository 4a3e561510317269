// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rules of {@code portForwards} by listeners of a guest, and what each pair is to do. */
final class PortTable {
    private static final int GUEST_BASE = 20_000;
    private static final int HOST_BASE = 25_000;

    /** Listeners, by column of the table. */
    private static final List<String> LISTENERS = List.of(
            "tcp 127.0.0.1", "tcp 0.0.0.0", "tcp ::", "tcp ::1", "tcp 192.168.5.15", "udp 127.0.0.1", "udp 0.0.0.0");

    /**
     * Rules, and what each is to do for each listener: {@code d} forwarded by the default rule to the same port,
     * {@code m} forwarded by this rule to its port, {@code -} not forwarded. GUEST and HOST stand for port ranges.
     */
    private static final List<String[]> RULES = List.of(
            new String[] {"", "dddd-dd"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST}", "mmmm-mm"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, proto: tcp}", "mmmm-dd"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, proto: udp}", "dddd-mm"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 0.0.0.0}", "dmmd-dm"},
            new String[] {
                "{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 0.0.0.0, guestIPMustBeZero: false}", "mmmmmmm"
            },
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 192.168.5.15}", "dmmdmdm"},
            new String[] {"{guestPortRange: GUEST, ignore: true}", "-dd---d"},
            new String[] {"{guestPortRange: GUEST, ignore: true, guestIP: 0.0.0.0}", "d--d-d-"},
            new String[] {"{guestPortRange: GUEST, ignore: true, guestIP: 0.0.0.0, guestIPMustBeZero: false}", "-------"
            },
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, hostIP: 127.0.0.2}", "mmmm-mm"});

    private PortTable() {}

    /** One cell of the table. */
    record Cell(String listener, int port, String host) {
        boolean isUdp() {
            return listener.startsWith("udp");
        }

        boolean isForwarded() {
            return !host.isEmpty();
        }

        InetAddress hostAddress() {
            return InetAddress.ofLiteral(host.substring(0, host.lastIndexOf(':')));
        }

        int hostPort() {
            return Integer.parseInt(host.substring(host.lastIndexOf(':') + 1));
        }

        /** Whether this transport can carry it. */
        boolean carriedBy(String transport) {
            return switch (transport) {
                case "qemu" ->
                    listener.contains("0.0.0.0") || listener.contains("192.168.5.15") || listener.equals("tcp ::");
                case "ssh" -> !isUdp();
                default -> true;
            };
        }
    }

    static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (int row = 0; row < RULES.size(); row++) {
            String[] rule = RULES.get(row);
            String address = rule[0].contains("127.0.0.2") ? "127.0.0.2" : "127.0.0.1";
            for (int column = 0; column < LISTENERS.size(); column++) {
                int offset = row * 10 + column;
                String host = switch (rule[1].charAt(column)) {
                    case 'd' -> "127.0.0.1:" + (GUEST_BASE + offset);
                    case 'm' -> address + ":" + (HOST_BASE + offset);
                    default -> "";
                };
                cells.add(new Cell(LISTENERS.get(column), GUEST_BASE + offset, host));
            }
        }
        return cells;
    }

    /** The rules as they stand in {@code portForwards}. */
    static String yaml() {
        StringBuilder yaml = new StringBuilder();
        for (int row = 0; row < RULES.size(); row++) {
            String rule = RULES.get(row)[0];
            if (!rule.isEmpty()) {
                int low = row * 10;
                yaml.append("- ")
                        .append(rule.replace("GUEST", "[" + (GUEST_BASE + low) + "," + (GUEST_BASE + low + 9) + "]")
                                .replace("HOST", "[" + (HOST_BASE + low) + "," + (HOST_BASE + low + 9) + "]"))
                        .append('\n');
            }
        }
        return yaml.toString();
    }

    /** What of the table is not so, by the words of {@code limactl port list} for each guest port. */
    static List<String> differences(Map<Integer, String> seen, String transport) {
        List<String> wrong = new ArrayList<>();
        for (Cell cell : cells()) {
            String entry = seen.getOrDefault(cell.port(), "nothing");
            boolean open = cell.isForwarded() && (transport.isEmpty() || cell.carriedBy(transport));
            boolean right = open
                    ? entry.startsWith("forwarded " + cell.host() + " ") && entry.endsWith(transport)
                    : !entry.startsWith("forwarded ") && !entry.equals("nothing");
            if (!right) {
                wrong.add(cell + ": " + entry);
            }
        }
        return wrong;
    }

    /** What comes back of a word by the host's side of a cell. */
    static String echo(Cell cell) throws IOException {
        byte[] text = ("hello " + cell.port()).getBytes(StandardCharsets.UTF_8);
        if (cell.isUdp()) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(10_000);
                socket.send(new DatagramPacket(text, text.length, cell.hostAddress(), cell.hostPort()));
                DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                socket.receive(answer);
                return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
            }
        }
        try (Socket socket = new Socket(cell.hostAddress(), cell.hostPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(text);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
