// SPDX-License-Identifier: Apache-2.0
package io.jlima.launcher;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Main program of the daemon: {@code Launcher HOME PREFIX VERSION}. Takes the lock of LIMA_HOME, starts the framework
 * with every bundle of {@code PREFIX/lib/bundles} and of {@code HOME/_plugins}, and lives until the framework stops.
 *
 * <p>Ends at once, with success, when another daemon holds the lock: the caller only wanted one to be there.
 */
public final class Launcher {
    private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);

    /** Byte of the lock file that is locked as long as a daemon lives; far behind its text. */
    private static final long HELD = 1000;

    /** An ending daemon closes its connections to guests in far less. */
    private static final long TAKEOVER_NANOS = 20_000_000_000L;

    /** Nothing tells of a lock's release to a process that does not want to wait for ever. */
    private static final long TAKEOVER_TRY_NANOS = 10_000_000L;

    /** Byte of the lock file that is locked until the daemon serves. */
    private static final long STARTING = 1001;

    private Launcher() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: Launcher HOME PREFIX VERSION");
        }
        Path home = Path.of(args[0]);
        Path prefix = Path.of(args[1]);
        Path folder = home.resolve("_daemon");
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        try (FileChannel file = FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            if (!take(file, folder.resolve("sock"))) {
                return;
            }
            FileLock starting = file.lock(STARTING, 1, false);
            file.truncate(0);
            file.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"), 0);
            LOG.info(
                    "Daemon {} of {} starts, pid {}",
                    args[2],
                    home,
                    ProcessHandle.current().pid());
            try {
                run(home, prefix, args[2], () -> ready(starting));
            } catch (BundleException | IOException | RuntimeException | LinkageError e) {
                // Threads of a framework that came up by half would keep this process, and the client waiting for it.
                LOG.error("The daemon cannot start", e);
                Runtime.getRuntime().halt(1);
            }
            LOG.info("Daemon ends");
        }
        if (Boolean.getBoolean("jlima.training")) {
            // The JVM writes its AOT cache in an orderly exit only.
            System.exit(0);
        }
        // Threads of a library that forgot to end must not keep a daemon that serves nobody.
        Runtime.getRuntime().halt(0);
    }

    /**
     * Takes the lock that makes this process the daemon. Another one may hold it: one that was quicker, for which we
     * wait until it serves and give way, or one on its way out, whose end we wait for.
     */
    private static boolean take(FileChannel file, Path socket) throws IOException {
        long deadline = System.nanoTime() + TAKEOVER_NANOS;
        while (file.tryLock(HELD, 1, false) == null) {
            file.lock(STARTING, 1, true).release();
            if (answers(socket)) {
                LOG.info("Another daemon serves {}", socket);
                return false;
            }
            if (System.nanoTime() > deadline) {
                LOG.error("Another daemon holds the lock and does not answer");
                return false;
            }
            LockSupport.parkNanos(TAKEOVER_TRY_NANOS);
        }
        return true;
    }

    private static boolean answers(Path socket) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Tells those who wait, by end of file on our standard output and by a released lock, that the daemon serves. */
    private static void ready(FileLock starting) {
        System.out.close();
        try {
            starting.release();
        } catch (IOException e) {
            LOG.warn("Cannot release the lock of the start", e);
        }
    }

    private static void run(Path home, Path prefix, String version, Runnable ready)
            throws BundleException, IOException, InterruptedException {
        removeOtherCaches(home.resolve("_daemon/cache"), version);
        FrameworkFactory factory = java.util.ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no OSGi framework on the class path"));
        Framework framework = factory.newFramework(settings(home, prefix, version));
        framework.init();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(framework), "stop"));
        BundleContext context = framework.getBundleContext();
        List<Bundle> bundles = new ArrayList<>(install(context, prefix.resolve("lib/bundles")));
        bundles.addAll(install(context, home.resolve("_plugins")));
        framework.start();
        for (Bundle bundle : bundles) {
            try {
                bundle.start(Bundle.START_ACTIVATION_POLICY);
            } catch (BundleException e) {
                // A driver that cannot start must not take the others with it.
                LOG.error("Bundle {} does not start", bundle.getLocation(), e);
            }
        }
        AtomicBoolean serves = new AtomicBoolean();
        Runnable told = () -> {
            serves.set(true);
            ready.run();
        };
        // Whoever serves commands waits for this, so that no command comes before all drivers are there. It answers
        // within the call: a daemon that nobody speaks for by now would keep its clients waiting for ever.
        context.registerService(Runnable.class, told, new Hashtable<>(Map.of("jlima.launcher", "ready")));
        if (!serves.get()) {
            LOG.error("The daemon cannot start: no bundle serves commands");
            Runtime.getRuntime().halt(1);
        }
        framework.waitForStop(0);
    }

    /** A cache belongs to one build; those of others are never looked at again. */
    private static void removeOtherCaches(Path caches, String version) throws IOException {
        if (!Files.isDirectory(caches)) {
            Files.deleteIfExists(caches);
            return;
        }
        try (Stream<Path> tree = Files.walk(caches)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                if (!path.equals(caches) && !path.startsWith(caches.resolve(version))) {
                    Files.deleteIfExists(path);
                }
            }
        } catch (IOException e) {
            LOG.warn("Old bundle caches in {} stay: {}", caches, e.toString());
        }
    }

    private static Map<String, String> settings(Path home, Path prefix, String version) {
        Map<String, String> settings = new HashMap<>();
        settings.put(
                Constants.FRAMEWORK_STORAGE,
                home.resolve("_daemon/cache").resolve(version).toString());
        // A fresh cache costs 30 ms and cannot be stale: the folders are the only truth about bundles.
        settings.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        settings.put(
                Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                "org.slf4j;version=2.0.20,org.slf4j.event;version=2.0.20,org.slf4j.helpers;version=2.0.20,"
                        + "org.slf4j.spi;version=2.0.20");
        // Without it Felix reaches into the JDK by Unsafe for URL handlers that nobody uses here.
        settings.put("felix.service.urlhandlers", "false");
        // Without a log service SCR writes to standard output, which may be somebody's console.
        settings.put("ds.loglevel", "error");
        settings.put("gosh.args", "--noshutdown --nointeractive");
        settings.put("jlima.home", home.toString());
        settings.put("jlima.prefix", prefix.toString());
        settings.put("jlima.version", version);
        return settings;
    }

    private static List<Bundle> install(BundleContext context, Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> jars;
        try (Stream<Path> files = Files.list(folder)) {
            jars = files.filter(f -> f.getFileName().toString().endsWith(".jar"))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
        List<Bundle> bundles = new ArrayList<>();
        for (Path jar : jars) {
            Bundle bundle = install(context, "reference:" + jar.toUri());
            if (bundle != null && bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
                bundles.add(bundle);
            }
        }
        return bundles;
    }

    private static @Nullable Bundle install(BundleContext context, String location) {
        try {
            return context.installBundle(location);
        } catch (BundleException e) {
            LOG.error("Cannot install {}", location, e);
            return null;
        }
    }

    private static void stop(Framework framework) {
        try {
            framework.stop();
            framework.waitForStop(10_000);
        } catch (BundleException e) {
            LOG.error("Framework does not stop", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
