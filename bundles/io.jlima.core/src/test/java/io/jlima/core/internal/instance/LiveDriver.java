// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountDriver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** Mounts come and go as they are asked to. */
final class LiveDriver implements MountDriver {
    final List<List<Mount>> attached = new CopyOnWriteArrayList<>();
    final List<Mount> mounts = new CopyOnWriteArrayList<>();

    /** What is wrong with each mount. */
    volatile @Nullable String trouble;

    /** Done at each addition, in the guest's stead. */
    volatile Hook adding = () -> {};

    /** Done at each removal. */
    volatile Hook removing = () -> {};

    interface Hook {
        void run() throws Exception;
    }

    private static void run(Hook hook) throws InterruptedException {
        try {
            hook.run();
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public MountPlan plan(SetupRequest request, List<Mount> mounts) {
        return new MountPlan(List.of(), List.of());
    }

    @Override
    public Attachment attach(Guest guest, List<Mount> wanted) {
        attached.add(List.copyOf(wanted));
        mounts.clear();
        mounts.addAll(wanted);
        return new MountAttachment() {
            @Override
            public List<State> states() {
                return mounts.stream()
                        .map(mount -> new State(mount, "live", "", trouble))
                        .toList();
            }

            @Override
            public void add(Mount mount) throws InterruptedException {
                run(adding);
                mounts.add(mount);
            }

            @Override
            public void remove(String mountPoint) throws InterruptedException {
                run(removing);
                mounts.removeIf(mount -> mount.mountPoint().equals(mountPoint));
            }

            @Override
            public void close() {}
        };
    }
}
