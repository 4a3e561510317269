// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.util.Locale;

/**
 * How instructions of the guest are executed.
 *
 * @param reason why it is not the processor that executes them; empty when it is, or when nobody would expect it
 * @param remedy what would make it better, empty if nothing is known
 */
record Accelerator(Kind kind, String reason, String remedy) {
    enum Kind {
        KVM,
        HVF,
        TCG;

        /** The word that QEMU uses. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final Accelerator KVM = new Accelerator(Kind.KVM, "", "");
    static final Accelerator HVF = new Accelerator(Kind.HVF, "", "");

    static Accelerator tcg(String reason, String remedy) {
        return new Accelerator(Kind.TCG, reason, remedy);
    }

    /** For people: one line. */
    @Override
    public String toString() {
        return reason.isEmpty() ? kind.name() : kind.name() + ": " + reason;
    }
}
