// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * By TCP within the machine's user-mode network, without ssh: a door on the host's loopback that only this machine may
 * use, and that mounts share as far as they can. sshfs connects again by itself whenever it is asked for something and
 * finds the connection gone, so a mount outlives its server, and the daemon.
 */
final class DirectTransport implements Transport {
    static final String WORD = "direct";

    private final GuestShell shell;
    private final SshfsOptions options;
    private final String host;
    private final DirectDoors.Entrance door;

    /** @param host address by which the guest reaches the host */
    DirectTransport(GuestShell shell, SshfsOptions options, String host, DirectDoors.Entrance door) {
        this.shell = shell;
        this.options = options;
        this.host = host;
        this.door = door;
    }

    @Override
    public String word() {
        return WORD;
    }

    @Override
    public GuestShell.Outcome attach() throws IOException, InterruptedException {
        String words = "directport=" + door.port() + ",reconnect" + options.common();
        boolean again = door.wasUsed();
        try {
            return shell.ask(
                            options.mount().mountPoint(),
                            number -> GuestScript.attach(number, options, host, words, again))
                    .get();
        } catch (ExecutionException | CompletionException e) {
            throw new IOException(
                    String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
        }
    }

    @Override
    public boolean wasReached() {
        return door.wasUsed();
    }

    @Override
    public boolean isInUse() {
        return door.isInUse();
    }

    @Override
    public void close() {
        door.close();
    }
}
