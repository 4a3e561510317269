// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.guest.PortForwarder;
import java.net.BindException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A transport that only notes what it was asked for. */
final class FakeForwarder implements PortForwarder {
    final List<Request> opened = new CopyOnWriteArrayList<>();

    @Nullable
    volatile String objection;

    @Nullable
    volatile String refusal;

    @Override
    public Optional<String> objection(Guest guest, Request request) {
        return Optional.ofNullable(objection);
    }

    @Override
    public Forward open(Guest guest, Request request) throws BindException {
        String words = refusal;
        if (words != null) {
            throw new BindException(words);
        }
        opened.add(request);
        return () -> opened.remove(request);
    }
}
