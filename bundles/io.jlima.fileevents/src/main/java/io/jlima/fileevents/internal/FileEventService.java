// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import org.osgi.service.component.annotations.Component;

/** Serves {@code mountInotify} of lima.yaml: what the host changes in a mount is seen by watchers in the guest. */
@Component(service = GuestService.class)
public final class FileEventService implements GuestService {
    @Override
    public String title() {
        return "file events";
    }

    @Override
    public Attachment attach(Guest guest) {
        if (!guest.config().mountInotify() || guest.config().plain()) {
            return Attachment.NONE;
        }
        return guest.agent()
                .<Attachment>map(agent -> new GuestFileEvents(guest, agent))
                .orElse(Attachment.NONE);
    }
}
