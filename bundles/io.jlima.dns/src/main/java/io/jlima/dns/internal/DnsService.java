// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.network.Network.Addresses;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Name resolution of guests by their host. */
@Component(service = GuestService.class)
public final class DnsService implements GuestService {
    private static final Logger LOG = LoggerFactory.getLogger(DnsService.class);

    /** System property of the daemon: the file that stands for the host's resolv.conf, where it is not in /etc. */
    private static final String CONFIGURATION = "jlima.resolv.conf";

    private static final String SCRIPT = "09-host-dns-setup.sh";
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    /** File with the two ports of an instance's resolver, UDP's and TCP's. */
    private static final String PORTS = "dns-ports";

    private final HostFile<ResolvConf> configuration = new HostFile<>(
            Path.of(System.getProperty(CONFIGURATION, "/etc/resolv.conf")), ResolvConf::parse, System::nanoTime);
    private final HostFile<Hosts> hostsFile = new HostFile<>(Path.of("/etc/hosts"), Hosts::ofFile, System::nanoTime);

    @Override
    public String title() {
        return "host resolver";
    }

    private static boolean isWanted(InstanceConfig config) {
        return config.hostResolver().enabled() && config.dns().isEmpty();
    }

    @Override
    public GuestSetup setup(SetupRequest request) {
        if (!isWanted(request.config())
                || request.config().plain()
                || request.addresses()
                        .map(Addresses::dns)
                        .filter(a -> !a.isEmpty())
                        .isEmpty()) {
            return GuestSetup.NOTHING;
        }
        int udp = 0;
        int tcp = 0;
        if (Files.isDirectory(request.directory())) {
            try {
                Ports ports = Ports.of(request.directory());
                udp = ports.udp();
                tcp = ports.tcp();
            } catch (IOException e) {
                LOG.warn("{} gets no resolver of its host: {}", request.instance(), e.toString());
                return GuestSetup.NOTHING;
            }
        }
        return new GuestSetup(
                List.of(),
                List.of(),
                List.of(new GuestSetup.BootScript(SCRIPT, script(), false)),
                Map.of("UDP_DNS_LOCAL_PORT", Integer.toString(udp), "TCP_DNS_LOCAL_PORT", Integer.toString(tcp)));
    }

    private static String script() {
        try (InputStream in = DnsService.class.getResourceAsStream(SCRIPT)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where the resolver of one instance listens; the same at each start, since the guest is told at its boot. */
    private record Ports(int udp, int tcp) {
        static Ports of(Path directory) throws IOException {
            Path file = directory.resolve(PORTS);
            if (Files.exists(file)) {
                String[] words = Files.readString(file).strip().split(" ");
                if (words.length == 2 && words[0].matches("\\d{1,5}") && words[1].matches("\\d{1,5}")) {
                    return new Ports(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
                }
            }
            try (DatagramSocket udp = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0));
                    java.net.ServerSocket tcp = new java.net.ServerSocket(0, 1, LOOPBACK)) {
                Ports ports = new Ports(udp.getLocalPort(), tcp.getLocalPort());
                Path fresh = directory.resolve(PORTS + ".new");
                Files.writeString(fresh, ports.udp() + " " + ports.tcp() + "\n");
                Files.move(fresh, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
                return ports;
            }
        }
    }

    /** The names that each guest finds beside those of its configuration. */
    private static Hosts names(Guest guest) {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("host.lima.internal", "192.168.5.2");
        names.put("lima-" + guest.name(), "192.168.5.15");
        names.putAll(guest.config().hostResolver().hosts());
        return Hosts.ofMap(names);
    }

    @Override
    public Attachment attach(Guest guest) {
        if (!isWanted(guest.config()) || guest.config().plain()) {
            return Attachment.NONE;
        }
        try {
            Ports ports = Ports.of(guest.directory());
            Resolver resolver = new Resolver(
                    names(guest),
                    guest.config().hostResolver().ipv6(),
                    hostsFile::get,
                    configuration::get,
                    new Upstream()::ask,
                    new Cache(System::nanoTime));
            DnsServer server = new DnsServer(
                    resolver,
                    new InetSocketAddress(LOOPBACK, ports.udp()),
                    new InetSocketAddress(LOOPBACK, ports.tcp()));
            return new GuestResolver(guest, server).begin();
        } catch (IOException e) {
            guest.trouble(
                    title(),
                    "the guest resolves names without the host's hosts and hostResolver.hosts: " + e.getMessage());
            return Attachment.NONE;
        }
    }
}
