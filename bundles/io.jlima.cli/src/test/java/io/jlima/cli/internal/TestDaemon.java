// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** A framework that has properties and can be stopped. */
public final class TestDaemon {
    public final Map<String, String> properties = new HashMap<>(Map.of("jlima.version", "0.1.0"));
    final CountDownLatch stopped = new CountDownLatch(1);
    public final DaemonControl control;

    public TestDaemon() {
        ClassLoader loader = TestDaemon.class.getClassLoader();
        Bundle framework = (Bundle) Proxy.newProxyInstance(loader, new Class<?>[] {Bundle.class}, (p, m, a) -> {
            if (!m.getName().equals("stop")) {
                throw new UnsupportedOperationException(m.toString());
            }
            stopped.countDown();
            return null;
        });
        control = new DaemonControl((BundleContext) Proxy.newProxyInstance(
                loader, new Class<?>[] {BundleContext.class}, (p, m, a) -> switch (m.getName()) {
                    case "getProperty" -> properties.get((String) a[0]);
                    case "getBundle" -> framework;
                    default -> throw new UnsupportedOperationException(m.toString());
                }));
    }
}
