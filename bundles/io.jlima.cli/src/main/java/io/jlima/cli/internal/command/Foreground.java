// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent.StatusChanged;
import io.jlima.api.instance.Instances;
import java.util.concurrent.CountDownLatch;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code start --foreground}: the command lasts as long as the machine, for whoever supervises commands. */
@Component(service = Foreground.class)
public final class Foreground {
    private final Instances instances;

    @Activate
    public Foreground(@Reference Instances instances) {
        this.instances = instances;
    }

    /** Returns when the instance has stopped; a signal to the caller stops it. */
    void stay(Invocation invocation, String name) throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        try (AutoCloseable watching = instances.watch(name, event -> {
            if (event instanceof StatusChanged changed && changed.status() == Status.STOPPED) {
                stopped.countDown();
                told.countDown();
            }
        })) {
            invocation.onSignal(signal -> told.countDown());
            boolean gone = watching == null
                    || instances
                            .find(name)
                            .filter(i -> i.status() == Status.RUNNING)
                            .isEmpty();
            if (!gone) {
                told.await();
                if (stopped.getCount() > 0) {
                    instances.stop(name, false, invocation.log());
                }
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a watch does not end", e);
        }
    }
}
