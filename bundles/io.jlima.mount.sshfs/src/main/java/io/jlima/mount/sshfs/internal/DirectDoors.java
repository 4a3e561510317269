// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.machine.Machine.ProcessIdentity;
import io.jlima.mount.sshfs.internal.sftp.BuiltinServer;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import io.jlima.mount.sshfs.internal.sftp.SharedServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The doors of one guest. Directories that one server can serve have one door, so that one sshfs in the guest can show
 * them all. A later daemon puts them together as this one did, because it finds the same ports in {@link DoorPorts}.
 */
final class DirectDoors {
    private final ProcessIdentity machine;
    private final DoorPorts ports;
    private final List<Door> doors = new ArrayList<>();

    DirectDoors(ProcessIdentity machine, DoorPorts ports) {
        this.machine = machine;
        this.ports = ports;
    }

    /** One door and those that use it. */
    private static final class Door {
        final int wantedPort;
        final List<Entrance> entrances = new CopyOnWriteArrayList<>();
        final DirectDoor door;
        private final SftpServer server;

        Door(int wantedPort, SftpServer server, long machine) throws IOException {
            this.wantedPort = wantedPort;
            this.server = server instanceof BuiltinServer builtin ? sharing(builtin) : server;
            this.door = new DirectDoor(
                    this.server,
                    wantedPort,
                    machine,
                    () -> entrances.forEach(entrance -> entrance.onEnd.run()),
                    entrances::size);
        }

        private static SharedServer sharing(BuiltinServer first) {
            SharedServer server = new SharedServer();
            server.add(first);
            return server;
        }

        /** Has one more directory served here; false if it cannot be. */
        boolean admits(BuiltinServer directory) {
            return server instanceof SharedServer shared && shared.add(directory);
        }

        void forget(SftpServer directory) {
            if (server instanceof SharedServer shared && directory instanceof BuiltinServer builtin) {
                shared.remove(builtin);
            }
        }
    }

    /** A mount's share of a door. Thread-safe. */
    final class Entrance implements AutoCloseable {
        private final Door shared;
        private final SftpServer server;
        private final Runnable onEnd;

        private Entrance(Door shared, SftpServer server, Runnable onEnd) {
            this.shared = shared;
            this.server = server;
            this.onEnd = onEnd;
        }

        int port() {
            return shared.door.port();
        }

        /** Whether the guest has ever come in. */
        boolean wasUsed() {
            return shared.door.wasUsed();
        }

        boolean isInUse() {
            return shared.door.isInUse();
        }

        /** The directory is served no more; with the last one the port is free when this returns. */
        @Override
        public void close() {
            leave(this);
        }
    }

    /**
     * Opens a way to a directory.
     *
     * @param onEnd called when a session has ended, which may have been another directory's, too
     */
    synchronized Entrance enter(Mount mount, SftpServer server, Runnable onEnd) throws IOException {
        int port = ports.last(mount.mountPoint(), machine);
        Door door = null;
        if (server instanceof BuiltinServer builtin) {
            door = doors.stream()
                    .filter(candidate -> candidate.wantedPort == port && candidate.admits(builtin))
                    .findFirst()
                    .orElse(null);
        }
        if (door == null) {
            door = new Door(port, server, machine.pid());
            doors.add(door);
        }
        Entrance entrance = new Entrance(door, server, onEnd);
        door.entrances.add(entrance);
        ports.keep(mount.mountPoint(), door.door.port(), machine);
        return entrance;
    }

    private synchronized void leave(Entrance entrance) {
        Door door = entrance.shared;
        if (!door.entrances.remove(entrance)) {
            return;
        }
        if (door.entrances.isEmpty()) {
            doors.remove(door);
            door.door.close();
        } else {
            door.forget(entrance.server);
        }
    }
}
