// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.config.internal.yaml.Mapping;
import org.jspecify.annotations.Nullable;

/**
 * Which Lima made an instance, and what that Lima did where a lima.yaml says nothing: an instance keeps the account, the
 * addresses and the mounts that it was made with.
 */
record Vintage(Facts facts) {
    /** The port that an instance called {@code default} has; 0 for any free one. */
    int sshPort() {
        return facts.instanceName().equals("default") && before(2, 0) ? 60022 : 0;
    }

    /** Whether the keys of {@code ~/.ssh} let into the guest. */
    boolean loadsDotSshKeys() {
        return before(1, 0);
    }

    /** What a home directory in the guest ends in. */
    String homeSuffix() {
        return before(2, 1) ? "linux" : "guest";
    }

    /** Whether {@code admin} may be the account, which collides with a group of that name. */
    boolean keepsAdmin() {
        return before(1, 0);
    }

    /** What a forward without {@code proto} carries. */
    String proto() {
        return before(2, 0) ? "tcp" : "any";
    }

    /** Whether a forward for the address 0.0.0.0 is for listeners on exactly that address. */
    boolean zeroMustBeZero() {
        return !before(2, 0);
    }

    /**
     * How 9p keeps owners and modes. With {@code mapped-xattr}, as in Lima before 0.13, they are the guest's own, but links
     * of the host cannot be followed in the guest, nor those of the guest on the host. It is for writable mounts of root
     * alone, whose machine would else make device files and set-uid files on the host for root in the guest.
     */
    String securityModel(boolean writable) {
        if (LimaVersion.madeByLima(facts.createdBy())) {
            return before(0, 13) ? "mapped-xattr" : "none";
        }
        return facts.uid() == 0 && writable ? "mapped-xattr" : "none";
    }

    /** The driver that runs the machine where the file names none; null for the platform's choice. */
    @Nullable
    String vmType() {
        return facts.os().equals("darwin") && before(1, 0) ? "qemu" : null;
    }

    /** The driver that mounts where the file names none; null for the platform's choice, as for all new instances. */
    @Nullable
    String mountType(Mapping document) {
        if (!LimaVersion.madeByLima(facts.createdBy())) {
            return null;
        }
        if (!effectiveVmType(document).equals("qemu")) {
            return effectiveVmType(document).equals("wsl2") ? "wsl2" : "virtiofs";
        }
        boolean no9p = document.texts("mountTypesUnsupported").contains("9p");
        return before(1, 0) || no9p ? "reverse-sshfs" : "9p";
    }

    /** The driver that will run the machine: the one named, else the host's own for guests of its own kind. */
    String effectiveVmType(Mapping document) {
        String named = document.text("vmType");
        if (named != null) {
            return named;
        }
        boolean ownKind = Arch.of(document.filledText("arch"))
                .filter(a -> a == facts.arch())
                .isPresent();
        return facts.os().equals("darwin") && ownKind && vmType() == null ? "vz" : "qemu";
    }

    private boolean before(int major, int minor) {
        return LimaVersion.madeByLimaBefore(facts.createdBy(), major, minor);
    }
}
