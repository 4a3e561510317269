// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.LimaException;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.guest.PortForwards;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Port forwards of all guests. */
@Component(service = {GuestService.class, PortForwards.class})
public final class PortForwardService implements GuestService, PortForwards {
    private final Transports transports;
    private final HostClaims claims = new HostClaims();
    private final Map<String, GuestPorts> guests = new ConcurrentHashMap<>();

    @Activate
    public PortForwardService() {
        this(System.getProperty(Transports.FORCED));
    }

    PortForwardService(@Nullable String forced) {
        transports = new Transports(forced);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addPortForwarder(PortForwarder service, Map<String, Object> properties) {
        int rank = properties.get("service.ranking") instanceof Integer given ? given : 0;
        transports.add(service, word(properties), rank);
        guests.values().forEach(GuestPorts::again);
    }

    void removePortForwarder(PortForwarder service, Map<String, Object> properties) {
        transports.remove(service);
        guests.values().forEach(ports -> ports.lost(word(properties)));
    }

    private static String word(Map<String, Object> properties) {
        return String.valueOf(properties.get(PortForwarder.TRANSPORT));
    }

    @Override
    public String title() {
        return "port forwards";
    }

    @Override
    public Attachment attach(Guest guest) {
        GuestPorts ports = new GuestPorts(guest, transports, claims, title());
        guests.put(guest.name(), ports);
        ports.begin();
        return new Attachment() {
            @Override
            public CompletionStage<Void> ready() {
                return ports.ready();
            }

            @Override
            public void close() {
                guests.remove(guest.name(), ports);
                ports.close();
            }
        };
    }

    @Override
    public List<Entry> list(String instance) throws InterruptedException {
        return ports(instance).list();
    }

    @Override
    public @Nullable String blindness(String instance) {
        return ports(instance).blindness();
    }

    private GuestPorts ports(String instance) {
        GuestPorts ports = guests.get(instance);
        if (ports == null) {
            throw new LimaException(
                    "instance `" + instance + "` does not run", "Start it with `limactl start " + instance + "`");
        }
        return ports;
    }
}
