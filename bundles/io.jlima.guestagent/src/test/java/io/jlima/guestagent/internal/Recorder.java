// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Keeps what a session tells, as words. */
final class Recorder implements AgentSession.Listener {
    private final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Override
    public void connected(List<GuestAddress> listening) {
        told.add("connected " + listening);
    }

    @Override
    public void opened(GuestAddress address) {
        told.add("opened " + address);
    }

    @Override
    public void closed(GuestAddress address) {
        told.add("closed " + address);
    }

    @Override
    public void stage(String word) {
        told.add("stage " + word);
    }

    @Override
    public void disconnected() {
        told.add("disconnected");
    }

    /** Waits for such a word, and drops those before it: other programs of this machine have ports, too. */
    String await(Predicate<String> wanted) throws InterruptedException {
        while (true) {
            String word = told.poll(30, TimeUnit.SECONDS);
            if (word == null) {
                throw new AssertionError("nothing was told for 30 s");
            }
            if (wanted.test(word)) {
                return word;
            }
        }
    }

    void await(String word) throws InterruptedException {
        await(word::equals);
    }
}
