// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.composite;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.options;
import static org.ops4j.pax.exam.CoreOptions.systemPackages;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.command.Command;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.image.ImageSource;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.mount.MountDriver;
import io.jlima.api.network.Network;
import io.jlima.api.ssh.SshConnector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.inject.Inject;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.jspecify.annotations.Nullable;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/**
 * The bundles of the built distribution in a framework: all of them live, and drivers come, go, change and misbehave
 * without harm to the rest.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
@SuppressWarnings("NullAway.Init")
public class FrameworkIT {
    /** Names the folder of the home and of the class path to those who run inside the framework. */
    private static final String HOME = "jlima.home";

    @Inject
    private BundleContext context;

    private ServiceRegistration<Runnable> launcher;
    private HostEnvironment caller;

    @Configuration
    public Option[] framework() throws IOException {
        Path prefix = Path.of(System.getProperty("jlima.distribution")).toRealPath();
        Path home = Files.createTempDirectory(Path.of("/tmp"), "jlf");
        // The framework may still write here when the last test has cleaned up.
        home.toFile().deleteOnExit();
        List<Option> bundles = new ArrayList<>();
        try (Stream<Path> jars = Files.list(prefix.resolve("lib/bundles"))) {
            jars.filter(f -> f.toString().endsWith(".jar"))
                    .sorted()
                    .forEach(jar -> bundles.add(bundle("reference:" + jar.toUri())));
        }
        return options(
                composite(bundles.toArray(Option[]::new)),
                junitBundles(),
                systemPackages(
                        "org.slf4j;version=2.0.20",
                        "org.slf4j.event;version=2.0.20",
                        "org.slf4j.helpers;version=2.0.20",
                        "org.slf4j.spi;version=2.0.20",
                        "org.assertj.core.api;version=3.27.7"),
                systemProperty("jlima.distribution").value(prefix.toString()),
                systemProperty("org.ops4j.pax.logging.DefaultServiceLog.level").value("ERROR"),
                frameworkProperty("felix.service.urlhandlers").value("false"),
                frameworkProperty("gosh.args").value("--noshutdown --nointeractive"),
                frameworkProperty(HOME).value(home.toString()),
                frameworkProperty("jlima.prefix").value(prefix.toString()),
                frameworkProperty("jlima.version").value("9.9.9"));
    }

    @Before
    public void bePrepared() {
        caller = new HostEnvironment(
                Map.of("HOME", home().toString(), "PATH", System.getenv("PATH"), "XDG_CACHE_HOME", home() + "/cache"),
                home(),
                022);
        launcher =
                context.registerService(Runnable.class, () -> {}, new Hashtable<>(Map.of("jlima.launcher", "ready")));
    }

    @After
    public void leaveNothing() throws IOException, BundleException {
        launcher.unregister();
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getSymbolicName().startsWith("com.acme")) {
                bundle.uninstall();
            }
        }
        try (Stream<Path> files = Files.walk(home())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Path home() {
        return Path.of(context.getProperty(HOME));
    }

    @Test
    public void everyBundleLivesAndEveryComponentIsSatisfied() {
        assertThat(Arrays.stream(context.getBundles())
                        .filter(b -> b.getState() != Bundle.ACTIVE)
                        .map(Bundle::getSymbolicName)
                        .toList())
                .isEmpty();
        ServiceComponentRuntime runtime = service(ServiceComponentRuntime.class);
        List<String> components = new ArrayList<>();
        for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
            components.add(component.name);
            assertThat(runtime.getComponentConfigurationDTOs(component))
                    .as("configurations of %s", component.name)
                    .isNotEmpty()
                    .allMatch(c -> c.state == ComponentConfigurationDTO.ACTIVE
                            || c.state == ComponentConfigurationDTO.SATISFIED);
        }
        assertThat(components).hasSizeGreaterThan(15);
        for (Class<?> type : List.of(
                Instances.class,
                ConfigReader.class,
                SshConnector.class,
                Hypervisor.class,
                Network.class,
                MountDriver.class,
                ImageSource.class,
                Command.class)) {
            assertThat(context.getServiceReference(type.getName()))
                    .as(type.getName())
                    .isNotNull();
        }
        assertThat(home().resolve("_daemon/sock")).exists();
    }

    @Test
    public void everyCommandIsAGogoCommand() throws Exception {
        List<String> functions = new ArrayList<>();
        for (ServiceReference<?> reference : references(null, "(osgi.command.scope=lima)")) {
            functions.addAll(List.of((String[]) reference.getProperty("osgi.command.function")));
        }
        Set<String> commands = new TreeSet<>();
        for (ServiceReference<?> reference : references(Command.class.getName(), null)) {
            Command command = (Command) context.getService(reference);
            // The console has one word for a group: lima:disk takes create, list and so on.
            String[] words = command.spec().name().split(" ");
            commands.add(words[0]);
            commands.addAll(words.length == 1 ? command.spec().aliases() : List.of());
            context.ungetService(reference);
        }
        assertThat(commands)
                .contains("create", "start", "stop", "restart", "list", "ls", "shell", "delete", "factory-reset")
                .contains("info", "console", "daemon");
        assertThat(functions).containsExactlyInAnyOrderElementsOf(commands);
        assertThat(gogo("lima:create --list-templates")).contains("debian").contains("default");
    }

    @Test
    public void aHypervisorGoesAndComesWhileTheOthersLive() throws Exception {
        Bundle qemu = bundleNamed("io.jlima.hypervisor.qemu");
        Instances before = service(Instances.class);
        qemu.stop();
        try {
            assertThat(references(Hypervisor.class.getName(), null)).isEmpty();
            assertThat(service(Instances.class)).isSameAs(before);
            assertThat(before.list()).isEmpty();
            assertThat(gogo("lima:info")).doesNotContain("\"name\": \"qemu\"");
            assertThatThrownBy(() -> create("none", "file:///none"))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("vmType");
        } finally {
            qemu.start();
        }
        assertThat(references(Hypervisor.class.getName(), "(vmType=qemu)")).hasSize(1);
        assertThat(service(Instances.class)).isSameAs(before);
        assertThat(gogo("lima:info")).contains("\"name\": \"qemu\"");
    }

    @Test
    public void aThirdPartysDriverIsInstalledUpdatedAndRemoved() throws Exception {
        assertThatThrownBy(() -> create("a0", "acme:disk")).hasMessageContaining("acme:");
        Bundle acme = acme("1.0.0");
        assertThat(gogo("lima:info")).contains("\"name\": \"acme\"").contains("\"version\": \"1.0.0\"");
        assertThat(create("a1", "acme:disk")).isEqualTo("a1");

        try (InputStream second = Files.newInputStream(jar("2.0.0"))) {
            acme.update(second);
        }
        assertThat(gogo("lima:info")).contains("\"version\": \"2.0.0\"").doesNotContain("\"version\": \"1.0.0\"");
        assertThat(create("a2", "acme:disk")).isEqualTo("a2");

        acme.uninstall();
        assertThat(gogo("lima:info")).doesNotContain("acme");
        assertThat(references(ImageSource.class.getName(), "(scheme=acme)")).isEmpty();
        assertThatThrownBy(() -> create("a3", "acme:disk")).hasMessageContaining("acme:");
        assertThat(gogo("lima:list -q").lines().map(String::strip))
                .contains("a1", "a2")
                .doesNotContain("a0", "a3");
    }

    @Test
    public void aDriverThatThrowsFailsItsOwnOperationOnly() throws Exception {
        acme("1.0.0");
        assertThatThrownBy(() -> create("b1", "acme:throw"))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("acme is out of order");
        assertThatThrownBy(() -> create("b2", "acme:fault")).hasMessageContaining("com/acme/Missing");
        assertThat(home().resolve("b1")).doesNotExist();
        assertThat(home().resolve("b2")).doesNotExist();
        assertThat(create("b3", "acme:disk")).isEqualTo("b3");
        assertThat(create("b2", "acme:disk")).isEqualTo("b2");
    }

    @Test
    public void aDriverThatHangsHoldsUpItsOwnOperationOnly() throws Exception {
        acme("1.0.0");
        CountDownLatch hangs = new CountDownLatch(1);
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread stuck = Thread.ofPlatform().start(() -> {
            try {
                create("c1", "acme:hang", new Words(hangs, "acme hangs now"));
                outcome.completeExceptionally(new AssertionError("the instance was made"));
            } catch (RuntimeException e) {
                outcome.complete(e);
            }
        });
        try {
            assertThat(hangs.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(create("c2", "acme:disk")).isEqualTo("c2");
            assertThat(gogo("lima:list -q").lines().map(String::strip))
                    .contains("c2")
                    .doesNotContain("c1");
            assertThatThrownBy(() -> create("c1", "acme:disk")).hasMessageContaining("being created");
            assertThat(outcome).isNotDone();
        } finally {
            stuck.interrupt();
        }
        assertThat(outcome.get(20, TimeUnit.SECONDS)).hasMessageContaining("cancelled");
        assertThat(home().resolve("c1")).doesNotExist();
        assertThat(create("c1", "acme:disk")).isEqualTo("c1");
    }

    private Bundle acme(String version) throws IOException, BundleException {
        Bundle bundle = context.installBundle(jar(version).toUri().toString());
        bundle.start();
        return bundle;
    }

    private Path jar(String version) throws IOException {
        Path api = Path.of(
                java.net.URI.create(bundleNamed("io.jlima.api").getLocation().replaceFirst("^reference:", "")));
        return AcmeBundle.build(home().resolve("acme-" + version + ".jar"), version, api);
    }

    private String create(String name, String location) {
        return create(name, location, Progress.SILENT);
    }

    private String create(String name, String location, Progress progress) {
        String yaml = "images: [{location: '" + location + "'}]\ndisk: 2MiB\nmounts: []\n";
        return service(Instances.class)
                .create(name, yaml, name + ".yaml", caller, progress)
                .name();
    }

    /** What a line at the console prints. */
    private String gogo(String line) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
                CommandSession session =
                        service(CommandProcessor.class).createSession(InputStream.nullInputStream(), out, out)) {
            session.put("lima.environment", caller);
            session.execute(line);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private Bundle bundleNamed(String name) {
        return Arrays.stream(context.getBundles())
                .filter(b -> b.getSymbolicName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private <T> T service(Class<T> type) {
        ServiceReference<T> reference = context.getServiceReference(type);
        assertThat(reference).as(type.getName()).isNotNull();
        return context.getService(reference);
    }

    private List<ServiceReference<?>> references(@Nullable String type, @Nullable String filter) throws Exception {
        ServiceReference<?>[] found = context.getAllServiceReferences(type, filter);
        return found == null ? List.of() : List.of(found);
    }

    /** Opens a latch at a certain message. */
    private record Words(CountDownLatch latch, String message) implements Progress {
        @Override
        public void info(String text) {
            if (text.equals(message)) {
                latch.countDown();
            }
        }

        @Override
        public void warn(String text) {}

        @Override
        public Task begin(String title, long total) {
            return Progress.SILENT.begin(title, total);
        }
    }
}
