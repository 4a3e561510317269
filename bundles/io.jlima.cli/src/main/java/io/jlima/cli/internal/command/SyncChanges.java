// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

/**
 * What would change, counted from rsync's list (rsync(1), --itemize-changes).
 *
 * @param metadata how many differ in times or modes only
 */
record SyncChanges(int added, int deleted, int modified, int metadata) {
    private static final int KIND = 0;
    private static final int FLAGS = 2;

    static SyncChanges of(String list) {
        int added = 0;
        int deleted = 0;
        int modified = 0;
        int metadata = 0;
        for (String line : list.lines().toList()) {
            if (line.startsWith("*deleting")) {
                deleted++;
            } else if (line.length() > FLAGS && line.startsWith("+++", FLAGS)) {
                added++;
            } else if (line.length() > FLAGS && ">c".indexOf(line.charAt(KIND)) >= 0) {
                modified++;
            } else if (line.length() > FLAGS && line.charAt(KIND) == '.' && line.charAt(1) != 'd') {
                metadata++;
            }
        }
        return new SyncChanges(added, deleted, modified, metadata);
    }

    boolean isEmpty() {
        return added + deleted + modified + metadata == 0;
    }

    @Override
    public String toString() {
        return added + " added, " + deleted + " deleted, " + modified + " modified, " + metadata + " in metadata only";
    }
}
