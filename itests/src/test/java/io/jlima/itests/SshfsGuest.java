// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.nio.file.Path;

/** The one guest of {@link MountIT}, to which the parts of its story belong that stand in files of their own. */
interface SshfsGuest {
    MountedGuest mounted();

    default Home home() {
        return mounted().home;
    }

    default Path shared() {
        return mounted().shared;
    }

    default Path location(SshfsWay way) {
        return shared().resolve(way.word());
    }

    default Home.Result guest(String script) {
        return mounted().run(script);
    }

    default boolean works(String script) {
        return mounted().works(script);
    }
}
