// SPDX-License-Identifier: Apache-2.0
package io.jlima.launcher;

import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceEvent;

/** A bundle that says that it serves, as the one behind the socket does. */
public final class ReadyActivator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        AtomicBoolean said = new AtomicBoolean();
        context.addServiceListener(event -> {
            if (event.getType() == ServiceEvent.REGISTERED
                    && "ready".equals(event.getServiceReference().getProperty("jlima.launcher"))
                    && said.compareAndSet(false, true)
                    && context.getService(event.getServiceReference()) instanceof Runnable ready) {
                ready.run();
            }
        });
    }

    @Override
    public void stop(BundleContext context) {}
}
