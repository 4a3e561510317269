// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.SharedMount;
import io.jlima.testing.BareGuest;
import io.jlima.testing.Configs;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A guest with mounts and perhaps an agent, and nothing else. */
final class FakeGuest extends BareGuest {
    final List<SharedMount> mounts = new CopyOnWriteArrayList<>();

    FakeGuest(Path directory, boolean mountInotify, @Nullable AgentSession agent) {
        super("fake", directory, Configs.with("mountInotify", mountInotify), agent);
    }

    void mount(Path location, String point, FileReplay replay) {
        mounts.add(new SharedMount(Configs.mount(location.toString(), point, true), replay));
    }

    @Override
    public List<SharedMount> shared() {
        return List.copyOf(mounts);
    }
}
