// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.network.NetworkSettings;
import io.jlima.core.internal.image.AtomicFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code _config/networks.yaml}: read at each question, changed so that comments stay. */
@Component(service = NetworkSettings.class)
public final class NetworksFile implements NetworkSettings {
    private static final Set<String> MODES = Set.of("user-v2", "host", "shared", "bridged");

    private static final Pattern ADDRESS = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3})");

    /** Names and addresses are Lima's own. */
    private static final String DEFAULT = """
            # Networks that instances can join by `networks: [{lima: NAME}]` in their lima.yaml.
            #
            # user-v2   instances reach each other and the world; no rights are needed
            # shared    the same by way of macOS, which gives addresses that the host reaches (macOS only)
            # bridged   instances are on the network of an interface of the host (macOS only)
            # host      instances and the host reach each other, and nothing else (macOS only)

            # What shared, bridged and host need: programs and files of socket_vmnet.
            paths:
              socketVMNet: /opt/socket_vmnet/bin/socket_vmnet
              varRun: /private/var/run/lima
              sudoers: /private/etc/sudoers.d/lima

            group: admin

            networks:
              user-v2:
                mode: user-v2
                gateway: 192.168.104.1
                netmask: 255.255.255.0
              shared:
                mode: shared
                gateway: 192.168.105.1
                dhcpEnd: 192.168.105.254
                netmask: 255.255.255.0
              bridged:
                mode: bridged
                interface: en0
              host:
                mode: host
                gateway: 192.168.106.1
                dhcpEnd: 192.168.106.254
                netmask: 255.255.255.0
            """;

    private final Path file;
    private final ConfigReader reader;
    private final ReentrantLock lock = new ReentrantLock();

    @Activate
    public NetworksFile(@Reference HomeFolder home, @Reference ConfigReader reader) {
        this.file = home.config().resolve("networks.yaml");
        this.reader = reader;
    }

    @Override
    public List<NamedNetwork> list() {
        Map<String, NamedNetwork> networks = new TreeMap<>();
        networks(reader.parse(text(), file.toString()))
                .forEach((name, entry) -> networks.put(String.valueOf(name), network(String.valueOf(name), entry)));
        // Lima has it even where an older file does not name it.
        networks.putIfAbsent("user-v2", new NamedNetwork("user-v2", "user-v2", "192.168.104.1", 24, null));
        return List.copyOf(networks.values());
    }

    private static Map<?, ?> networks(Map<String, ? extends @Nullable Object> tree) {
        return tree.get("networks") instanceof Map<?, ?> map ? map : Map.of();
    }

    private static NamedNetwork network(String name, @Nullable Object entry) {
        Map<?, ?> fields = entry instanceof Map<?, ?> map ? map : Map.of();
        String gateway = word(fields.get("gateway"));
        return new NamedNetwork(
                name,
                fields.get("mode") == null ? "" : String.valueOf(fields.get("mode")),
                gateway,
                gateway == null ? 0 : prefix(word(fields.get("netmask"))),
                word(fields.get("interface")));
    }

    private static @Nullable String word(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    private static int prefix(@Nullable String netmask) {
        if (netmask == null || !ADDRESS.matcher(netmask).matches()) {
            return 24;
        }
        int bits = 0;
        for (String part : netmask.split("\\.")) {
            bits += Integer.bitCount(Integer.parseInt(part) & 0xff);
        }
        return bits;
    }

    @Override
    public void create(NamedNetwork network) {
        InstanceName.checkWord(network.name(), "network");
        check(network);
        change(tree -> {
            Map<String, @Nullable Object> networks = copy(networks(tree));
            if (networks.containsKey(network.name()) || network.name().equals("user-v2")) {
                throw new LimaException(
                        "network `" + network.name() + "` already exists",
                        "Choose another name, or remove it with `limactl network delete --force " + network.name()
                                + "`");
            }
            networks.put(network.name(), entry(network));
            tree.put("networks", networks);
            return true;
        });
    }

    private static void check(NamedNetwork network) {
        String mode = network.mode();
        if (!MODES.contains(mode)) {
            throw new LimaException("network mode `" + mode + "` is not known", "Use user-v2, host, shared or bridged");
        }
        String gateway = network.gateway();
        if (mode.equals("bridged")) {
            if (network.hostInterface() == null) {
                throw new LimaException("a bridged network needs an interface", "Give one with --interface");
            }
            if (gateway != null) {
                throw new LimaException("a bridged network has no gateway of its own", "Leave --gateway out");
            }
            return;
        }
        if (network.hostInterface() != null) {
            throw new LimaException("a network of mode " + mode + " has no interface", "Leave --interface out");
        }
        if (gateway == null) {
            throw new LimaException(
                    "a network of mode " + mode + " needs a gateway",
                    "Give one, for example --gateway 192.168.107.1/24");
        }
        checkAddress(gateway, network.prefix());
    }

    private static void checkAddress(String gateway, int prefix) {
        try {
            boolean four = ADDRESS.matcher(gateway).matches();
            InetAddress address = four ? InetAddress.getByName(gateway) : InetAddress.getLoopbackAddress();
            if (!four || address.isAnyLocalAddress() || address.isLoopbackAddress() || address.isMulticastAddress()) {
                throw new LimaException(
                        "gateway `" + gateway + "` is no address for a network", "Use one such as 192.168.107.1/24");
            }
        } catch (UnknownHostException e) {
            throw new LimaException("gateway `" + gateway + "` is no address", "Use one such as 192.168.107.1/24");
        }
        if (prefix < 8 || prefix > 30) {
            throw new LimaException(
                    "a network with /" + prefix + " has no room for instances", "Use /8 to /30; /24 is usual");
        }
    }

    private static Map<String, @Nullable Object> entry(NamedNetwork network) {
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("mode", network.mode());
        if (network.gateway() != null) {
            entry.put("gateway", network.gateway());
            entry.put("netmask", netmask(network.prefix()));
        }
        if (network.hostInterface() != null) {
            entry.put("interface", network.hostInterface());
        }
        return entry;
    }

    private static String netmask(int prefix) {
        long mask = 0xffffffffL << 32 - prefix & 0xffffffffL;
        List<String> parts = new ArrayList<>();
        for (int shift = 24; shift >= 0; shift -= 8) {
            parts.add(Long.toString(mask >> shift & 0xff));
        }
        return String.join(".", parts);
    }

    @Override
    public boolean delete(String name) {
        boolean[] found = {false};
        change(tree -> {
            Map<String, @Nullable Object> networks = copy(networks(tree));
            found[0] = networks.containsKey(name);
            networks.remove(name);
            tree.put("networks", networks);
            return found[0];
        });
        return found[0];
    }

    private static Map<String, @Nullable Object> copy(Map<?, ?> map) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }

    /** Changes the tree; says whether there is something to write. */
    private interface Change {
        boolean to(Map<String, @Nullable Object> tree);
    }

    private void change(Change change) {
        lock.lock();
        try {
            String text = text();
            Map<String, @Nullable Object> tree = reader.parse(text, file.toString());
            if (change.to(tree)) {
                AtomicFile.write(file, reader.rewrite(text, file.toString(), tree));
            }
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot write " + file, e);
        } finally {
            lock.unlock();
        }
    }

    private String text() {
        lock.lock();
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(file.getParent());
                AtomicFile.write(file, DEFAULT);
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot make " + file, e);
        } finally {
            lock.unlock();
        }
    }
}
