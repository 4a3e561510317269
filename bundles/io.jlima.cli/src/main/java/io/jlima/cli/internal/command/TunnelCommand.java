// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl tunnel}: a SOCKS proxy into the guest's network, served by an ssh of its own that goes on. */
@Component(service = Command.class)
public final class TunnelCommand implements Command {
    private static final int FIRST_PORT = 1024;
    private static final int LAST_PORT = 65535;

    private final Instances instances;

    @Activate
    public TunnelCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("tunnel", Group.ADVANCED, "Open a SOCKS proxy into an instance's network")
                .describe("""
                        Connections through the proxy come from the guest, so they reach what the guest reaches, under the
                        names that it knows. The proxy ends with the instance.""")
                .takes("NAME", 1, 1, ArgumentKind.INSTANCE)
                .flagsEnd()
                .with(
                        new Option("type", null, "TYPE", "kind of proxy: socks (default socks)").oneOf("socks"),
                        new Option(
                                "socks-port", null, "PORT", "port of 127.0.0.1 to listen on (default: any free one)"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String type = invocation.value("type").orElse("socks");
        if (!type.equals("socks")) {
            throw new LimaException("unknown tunnel type: `" + type + "`", "The only type there is, is socks");
        }
        int asked = port(invocation.value("socks-port").orElse("0"));
        Instance instance =
                GuestTarget.running(instances, invocation.arguments().getFirst());
        int port = free(asked);
        List<String> words = new ArrayList<>(HostTool.ssh(invocation));
        words.addAll(List.of(
                "-F",
                instance.directory().resolve("ssh.config").toString(),
                "-o",
                "ControlMaster=no",
                "-o",
                "ControlPath=none",
                "-o",
                "ExitOnForwardFailure=yes",
                "-f",
                "-N",
                "-D",
                "127.0.0.1:" + port,
                "lima-" + instance.name()));
        int code = HostTool.run(invocation, words, Map.of(), false, invocation.out());
        if (code == 0) {
            String proxy = "socks5h://127.0.0.1:" + port;
            invocation.out().print("""
                    Set `ALL_PROXY=%s`, or the like in a browser, to reach what the guest reaches.
                    The guest itself is http://%s there, for example:
                      curl --proxy %s http://%s
                    """.formatted(proxy, instance.hostname(), proxy, instance.hostname()));
        }
        return code;
    }

    private static int port(String text) {
        if (text.matches("\\d{1,5}")) {
            int port = Integer.parseInt(text);
            if (port == 0 || port >= FIRST_PORT && port <= LAST_PORT) {
                return port;
            }
        }
        throw new LimaException(
                "invalid argument \"" + text + "\" for \"--socks-port\" flag: not a port",
                "Use " + FIRST_PORT + " to " + LAST_PORT + ", or 0 for any free one");
    }

    private static int free(int asked) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), asked));
            return probe.getLocalPort();
        } catch (IOException e) {
            throw new LimaException(
                    "port " + asked + " of 127.0.0.1 is in use",
                    e.getMessage(),
                    "Choose another one, or leave --socks-port out for any free one",
                    e);
        }
    }
}
