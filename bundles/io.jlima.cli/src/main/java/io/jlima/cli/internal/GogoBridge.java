// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.Invocation.Streams;
import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Makes every command a Gogo command too: {@code limactl list} is {@code lima:list}. */
@Component(service = GogoBridge.class, immediate = true)
public final class GogoBridge {
    /** Session variable that holds the environment of whoever opened the console. */
    public static final String ENVIRONMENT = "lima.environment";

    private final BundleContext context;
    private final CommandSet commands;
    private final Map<Command, ServiceRegistration<Function>> functions = new ConcurrentHashMap<>();

    @Activate
    public GogoBridge(BundleContext context, @Reference CommandSet commands) {
        this.context = context;
        this.commands = commands;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addCommand(Command command) {
        if (command.spec().name().contains(" ")) {
            // A group's members are reached by the group's word.
            return;
        }
        List<String> names = new ArrayList<>(command.spec().aliases());
        names.addFirst(command.spec().name());
        Hashtable<String, Object> properties = new Hashtable<>();
        properties.put("osgi.command.scope", "lima");
        properties.put("osgi.command.function", names.toArray(String[]::new));
        Function function = (session, arguments) -> run(command.spec().name(), session, arguments);
        functions.put(command, context.registerService(Function.class, function, properties));
    }

    void removeCommand(Command command) {
        ServiceRegistration<Function> function = functions.remove(command);
        if (function != null) {
            function.unregister();
        }
    }

    @Deactivate
    void close() {
        functions.keySet().forEach(this::removeCommand);
    }

    private @Nullable Object run(String name, CommandSession session, List<Object> arguments) {
        List<String> words = new ArrayList<>();
        words.add(name);
        arguments.forEach(a -> words.add(String.valueOf(a)));
        int code = commands.run(new SessionCaller(session, List.copyOf(words)));
        if (code != 0) {
            throw new LimaException("lima:" + name + " ended with exit code " + code);
        }
        return null;
    }

    /** Somebody at the console. */
    private record SessionCaller(CommandSession session, List<String> words) implements Caller {
        @Override
        public HostEnvironment environment() {
            return session.get(ENVIRONMENT) instanceof HostEnvironment known ? known : HostEnvironment.ofThisProcess();
        }

        @Override
        public Streams streams() {
            return new Streams(false, false, false, 0, 0);
        }

        @Override
        public InputStream in() {
            return session.getKeyboard();
        }

        @Override
        public PrintStream out() {
            return session.getConsole();
        }

        @Override
        public PrintStream err() {
            return session.getConsole();
        }

        @Override
        public AutoCloseable rawTerminal() {
            return () -> {};
        }

        @Override
        public void onResize(Consumer<Terminal> listener) {
            // the console's terminal stays as it is: there is nothing to tell
        }

        @Override
        public void onSignal(Consumer<String> listener) {
            // signals end the console as a whole
        }

        @Override
        public void catchSignals() {
            // signals end the console as a whole
        }

        @Override
        public boolean interrupted() {
            return false;
        }
    }
}
