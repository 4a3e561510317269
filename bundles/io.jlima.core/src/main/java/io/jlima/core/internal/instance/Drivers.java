// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.guest.GuestAgent;
import io.jlima.api.guest.GuestService;
import io.jlima.api.image.ImageSource;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.mount.MountDriver;
import io.jlima.api.network.Network;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** The drivers there are at this moment, by the words of lima.yaml; they come and go with their bundles. */
@Component(service = Drivers.class)
public final class Drivers {
    private final Map<String, Hypervisor> hypervisors = new ConcurrentSkipListMap<>();
    private final Map<String, Network> networks = new ConcurrentSkipListMap<>();
    private final Map<String, MountDriver> mounts = new ConcurrentSkipListMap<>();
    private final Map<String, ImageSource> images = new ConcurrentSkipListMap<>();
    private final Map<GuestService, Integer> services = new ConcurrentHashMap<>();
    private final Map<GuestAgent, Integer> agents = new ConcurrentHashMap<>();
    private final List<Consumer<GuestService>> serviceArrivals = new CopyOnWriteArrayList<>();
    private final List<Consumer<GuestService>> serviceDepartures = new CopyOnWriteArrayList<>();
    private final List<Consumer<String>> mountArrivals = new CopyOnWriteArrayList<>();
    private final List<Consumer<String>> mountDepartures = new CopyOnWriteArrayList<>();
    private final List<Consumer<Hypervisor>> arrivals = new CopyOnWriteArrayList<>();
    private final List<Consumer<Hypervisor>> departures = new CopyOnWriteArrayList<>();

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addHypervisor(Hypervisor driver, Map<String, Object> properties) {
        hypervisors.put(word(properties, Hypervisor.VM_TYPE), driver);
        arrivals.forEach(listener -> listener.accept(driver));
    }

    void removeHypervisor(Hypervisor driver) {
        hypervisors.values().remove(driver);
        departures.forEach(listener -> listener.accept(driver));
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addNetwork(Network driver, Map<String, Object> properties) {
        networks.put(word(properties, Network.NETWORK), driver);
    }

    void removeNetwork(Network driver) {
        networks.values().remove(driver);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addMountDriver(MountDriver driver, Map<String, Object> properties) {
        String word = word(properties, MountDriver.MOUNT_TYPE);
        mounts.put(word, driver);
        mountArrivals.forEach(listener -> listener.accept(word));
    }

    void removeMountDriver(MountDriver driver, Map<String, Object> properties) {
        String word = word(properties, MountDriver.MOUNT_TYPE);
        if (mounts.remove(word, driver)) {
            mountDepartures.forEach(listener -> listener.accept(word));
        }
    }

    /**
     * Tells one listener the word of each mount driver that comes, and the other that of each that goes, until it is
     * closed.
     */
    Registration onMountDriver(Consumer<String> arrival, Consumer<String> departure) {
        mountArrivals.add(arrival);
        mountDepartures.add(departure);
        return () -> {
            mountArrivals.remove(arrival);
            mountDepartures.remove(departure);
        };
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addImageSource(ImageSource driver, Map<String, Object> properties) {
        images.put(word(properties, ImageSource.SCHEME), driver);
    }

    void removeImageSource(ImageSource driver) {
        images.values().remove(driver);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addGuestService(GuestService service, Map<String, Object> properties) {
        services.put(service, ranking(properties));
        serviceArrivals.forEach(listener -> listener.accept(service));
    }

    void removeGuestService(GuestService service) {
        services.remove(service);
        serviceDepartures.forEach(listener -> listener.accept(service));
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addGuestAgent(GuestAgent kind, Map<String, Object> properties) {
        agents.put(kind, ranking(properties));
    }

    void removeGuestAgent(GuestAgent kind) {
        agents.remove(kind);
    }

    private static int ranking(Map<String, Object> properties) {
        return properties.get("service.ranking") instanceof Integer rank ? rank : 0;
    }

    private static <T> List<T> best(Map<T, Integer> ranked) {
        return ranked.entrySet().stream()
                .sorted(Map.Entry.<T, Integer>comparingByValue().reversed())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** What works for guests now, best first. */
    List<GuestService> guestServices() {
        return best(services);
    }

    /** The kind of agent in use. */
    Optional<GuestAgent> guestAgent() {
        return best(agents).stream().findFirst();
    }

    /** Tells one listener of each guest service that comes, and the other of each that goes, until it is closed. */
    Registration onGuestService(Consumer<GuestService> arrival, Consumer<GuestService> departure) {
        serviceArrivals.add(arrival);
        serviceDepartures.add(departure);
        return () -> {
            serviceArrivals.remove(arrival);
            serviceDepartures.remove(departure);
        };
    }

    private static String word(Map<String, Object> properties, String name) {
        return String.valueOf(properties.get(name));
    }

    /** Tells the listener of each hypervisor that goes, until it is closed. */
    Registration onDeparture(Consumer<Hypervisor> listener) {
        departures.add(listener);
        return () -> departures.remove(listener);
    }

    /** Tells the listener of every hypervisor: those that are here now, and each that comes, until it is closed. */
    Registration onHypervisor(Consumer<Hypervisor> listener) {
        arrivals.add(listener);
        hypervisors.values().forEach(listener);
        return () -> arrivals.remove(listener);
    }

    /** Ends what it was given for. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    Hypervisor hypervisor(String vmType) {
        return found(hypervisors, vmType, "vmType");
    }

    Network network(String word) {
        return found(networks, word, "network");
    }

    MountDriver mountDriver(String mountType) {
        return found(mounts, mountType, "mountType");
    }

    boolean hasHypervisor(String vmType) {
        return hypervisors.containsKey(vmType);
    }

    boolean hasMountDriver(String mountType) {
        return mounts.containsKey(mountType);
    }

    Optional<ImageSource> imageSource(String scheme) {
        return Optional.ofNullable(images.get(scheme));
    }

    private static <T> T found(Map<String, T> drivers, String word, String field) {
        T driver = drivers.get(word);
        if (driver == null) {
            throw new LimaException(
                    "no driver for " + field + " `" + word + "` is installed",
                    "Installed: " + (drivers.isEmpty() ? "none" : String.join(", ", new TreeSet<>(drivers.keySet())))
                            + ". Install its bundle (limactl console 'install …'), or change " + field
                            + " in lima.yaml");
        }
        return driver;
    }
}
