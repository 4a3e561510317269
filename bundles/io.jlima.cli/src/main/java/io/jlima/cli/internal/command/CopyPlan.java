// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be copied, and the command lines of the two tools for it, made so that their results are the same.
 *
 * @param intoDirectory whether the target is there and a directory
 * @param terminal whether somebody watches
 * @param sshConfig file with the hosts of all instances that take part
 */
record CopyPlan(
        List<Source> sources,
        CopyPlace target,
        boolean intoDirectory,
        boolean recursive,
        boolean verbose,
        boolean terminal,
        String sshConfig) {
    /** A place and whether it is a directory. */
    record Source(CopyPlace place, boolean directory) {}

    /**
     * rsync(1). Owners are not taken over, as scp does not do that either.
     *
     * @param ssh the command to reach guests with, as words for a shell
     */
    List<String> rsync(String program, String ssh) {
        List<String> words = new ArrayList<>();
        words.add(program);
        // -s: no shell of the guest takes names apart.
        words.addAll(List.of("-a", "--no-owner", "--no-group", "-s"));
        if (verbose) {
            words.add("-v");
            if (terminal) {
                words.add("--progress");
            }
        } else {
            words.add(terminal ? "--info=progress2" : "-q");
        }
        words.add("-e");
        // rsync takes this apart by itself; a quote within quotes is doubled.
        words.add(ssh + " -F '" + sshConfig.replace("'", "''") + "'");
        words.add("--");
        for (Source source : sources) {
            // To rsync, a slash means "what is in it": a directory under a new name is exactly that.
            boolean contents = source.directory() && !intoDirectory;
            words.add(word(source.place().bare()) + (contents ? "/" : ""));
        }
        words.add(word(target.bare()) + (intoDirectory ? "/" : ""));
        return words;
    }

    /** scp(1) speaking SFTP, so that names reach the guest as they are. */
    List<String> scp(String program) {
        List<String> words = new ArrayList<>(List.of(program, "-p", "-s"));
        if (verbose) {
            words.add("-v");
        } else if (!terminal) {
            words.add("-q");
        }
        if (recursive) {
            words.add("-r");
        }
        words.addAll(List.of("-3", "-F", sshConfig, "--"));
        sources.forEach(s -> words.add(word(s.place().bare())));
        words.add(word(target.bare()));
        return words;
    }

    private static String word(CopyPlace place) {
        return place.isRemote() ? host(place) + ":" + (place.path().isEmpty() ? "." : place.path()) : place.path();
    }

    private static String host(CopyPlace place) {
        return "lima-" + place.guest();
    }
}
