// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import io.jlima.api.LimaException;
import java.util.ArrayList;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * States of a machine that are kept under a tag and can be gone back to: an optional half of {@link Machine}. Calls wait
 * until the work is done; each throws {@link LimaException} with the hypervisor's own words when it is refused.
 */
@ConsumerType
public interface Snapshots {
    /** Keeps the state of now under the tag, in place of what was kept under it. */
    void save(String tag) throws InterruptedException;

    /** Goes back to the state under the tag. Connections of the guest with the outside do not survive it. */
    void load(String tag) throws InterruptedException;

    /** Forgets what is kept under the tag. */
    void remove(String tag) throws InterruptedException;

    /** What is kept, oldest first. */
    Listing list() throws InterruptedException;

    /**
     * The hypervisor's own table, for people.
     *
     * @param header names of the columns; empty when there is no snapshot and the hypervisor says nothing then
     */
    record Listing(String header, List<Snapshot> snapshots) {
        public Listing {
            snapshots = List.copyOf(snapshots);
        }

        /** The listing in what qemu-img(1) or QEMU's monitor prints: the lines after the one that begins with ID. */
        public static Listing parse(String text) {
            String header = "";
            List<Snapshot> found = new ArrayList<>();
            for (String line : text.lines().toList()) {
                if (line.startsWith("ID ") && header.isEmpty()) {
                    header = line;
                } else if (!header.isEmpty() && line.isBlank()) {
                    break;
                } else if (!header.isEmpty()) {
                    String[] words = line.strip().split("\\s+");
                    found.add(new Snapshot(words.length > 1 ? words[1] : words[0], line));
                }
            }
            return new Listing(header, found);
        }
    }

    /**
     * @param tag name it was given
     * @param line its line of the table
     */
    record Snapshot(String tag, String line) {}
}
