// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Signals, for which the JDK has no other interface than sun.misc.Signal of the module jdk.unsupported; javac warns at
 * each mention of it in a way that cannot be answered, hence the reflection.
 */
final class Signals {
    private Signals() {}

    /** Runs the action, on a thread of its own, whenever the signal comes; a no-op where there is no such signal. */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler invoke = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    action.run();
                }
                return null;
            };
            Object proxy = Proxy.newProxyInstance(Client.class.getClassLoader(), new Class<?>[] {handler}, invoke);
            Object which = signal.getConstructor(String.class).newInstance(name);
            signal.getMethod("handle", signal, handler).invoke(null, which, proxy);
        } catch (ReflectiveOperationException e) {
            // The JVM keeps its own way of answering this signal, which is to end; that is safe.
            return;
        }
    }
}
