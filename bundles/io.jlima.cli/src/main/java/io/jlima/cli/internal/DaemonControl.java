// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon as a whole: what it is, and how it ends. */
@Component(service = DaemonControl.class)
public final class DaemonControl {
    private static final Logger LOG = LoggerFactory.getLogger(DaemonControl.class);

    private final BundleContext context;
    private final Instant started =
            ProcessHandle.current().info().startInstant().orElseGet(Instant::now);
    private volatile boolean endsSoon;
    private volatile boolean restarts;

    @Activate
    public DaemonControl(BundleContext context) {
        this.context = context;
    }

    /** Version of this daemon, equal to that of the clients it serves. */
    public String version() {
        return property("jlima.version", "unknown");
    }

    /** Folder of the installation. */
    public Path prefix() {
        return Path.of(property("jlima.prefix", "."));
    }

    public Instant started() {
        return started;
    }

    /** How long to stay without work; the property {@code jlima.idle} (seconds) overrules the usual limit. */
    Duration idleLimit(Duration usual) {
        return Duration.ofSeconds(Long.parseLong(property("jlima.idle", Long.toString(usual.toSeconds()))));
    }

    /** Ends the daemon as soon as the command that asks for it has had its say. */
    public void stopSoon(boolean restart) {
        restarts = restart;
        endsSoon = true;
    }

    boolean endsSoon() {
        return endsSoon;
    }

    /** Whether the client starts another daemon when this one has ended. */
    boolean restarts() {
        return restarts;
    }

    /** Ends the daemon soon; returns at once. Virtual machines run on. */
    public void stop() {
        Thread.ofPlatform().daemon(false).name("stop").start(() -> {
            try {
                context.getBundle(0).stop();
            } catch (BundleException e) {
                LOG.error("The framework does not stop", e);
            }
        });
    }

    private String property(String name, String otherwise) {
        String value = context.getProperty(name);
        return value == null ? otherwise : value;
    }
}
