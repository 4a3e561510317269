// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.core.internal.cidata.Cidata;
import io.jlima.core.internal.image.Images;

/** What instances are made of and run with: the same for all of one LIMA_HOME. */
record Platform(
        HomeFolder home,
        Drivers drivers,
        Configurations configurations,
        Images images,
        Cidata cidata,
        GuestAccess access,
        GuestConnections connections,
        SshPorts ports,
        Events events) {

    ExtraDisks extraDisks(InstanceFolder folder) {
        return new ExtraDisks(home.disks(), folder);
    }
}
