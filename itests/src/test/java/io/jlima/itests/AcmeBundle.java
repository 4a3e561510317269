// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A driver as a third party would ship it: one jar with one image source for {@code acme:} locations. What it does is
 * in the location: {@code acme:throw}, {@code acme:hang}, {@code acme:fault}, or else a blank disk is given.
 */
final class AcmeBundle {
    private static final String NAME = "com.acme.images.AcmeImages";

    private static final String SOURCE = """
            package com.acme.images;

            import io.jlima.api.HostEnvironment;
            import io.jlima.api.Progress;
            import io.jlima.api.image.ImageSource;

            public final class AcmeImages implements ImageSource {
                public SourcedImage fetch(Request request, HostEnvironment caller, Progress progress) {
                    switch (request.location()) {
                        case "acme:throw": throw new IllegalStateException("acme is out of order");
                        case "acme:fault": throw new NoClassDefFoundError("com/acme/Missing");
                        case "acme:hang":
                            progress.info("acme hangs now");
                            try {
                                new java.util.concurrent.CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                                throw new IllegalStateException("acme was told to give up");
                            }
                        default: break;
                    }
                    try {
                        java.nio.file.Files.createDirectories(request.cache());
                        java.nio.file.Path disk = request.cache().resolve("disk");
                        java.nio.file.Files.write(disk, new byte[1 << 20]);
                        return new SourcedImage(disk, null, null, "");
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }
            }
            """;

    private static final String COMPONENT = """
            <?xml version="1.0" encoding="UTF-8"?>
            <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="acme">
              <implementation class="com.acme.images.AcmeImages"/>
              <property name="scheme" value="acme"/>
              <service><provide interface="io.jlima.api.image.ImageSource"/></service>
            </scr:component>
            """;

    private AcmeBundle() {}

    /**
     * Builds the jar.
     *
     * @param api jar to compile against
     */
    static Path build(Path jar, String version, Path api) throws IOException {
        Path classes = Files.createTempDirectory("acme");
        try {
            compile(classes, api);
            Manifest manifest = new Manifest();
            Attributes main = manifest.getMainAttributes();
            main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
            main.putValue("Bundle-ManifestVersion", "2");
            main.putValue("Bundle-SymbolicName", "com.acme.images");
            main.putValue("Bundle-Version", version);
            main.putValue("Import-Package", "io.jlima.api,io.jlima.api.image");
            main.putValue("Service-Component", "OSGI-INF/acme.xml");
            try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
                out.putNextEntry(new JarEntry("OSGI-INF/acme.xml"));
                out.write(COMPONENT.getBytes(StandardCharsets.UTF_8));
                String file = NAME.replace('.', '/') + ".class";
                out.putNextEntry(new JarEntry(file));
                Files.copy(classes.resolve(file), out);
            }
            return jar;
        } finally {
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void compile(Path classes, Path api) {
        JavaFileObject source =
                new SimpleJavaFileObject(
                        URI.create("string:///" + NAME.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return SOURCE;
                    }
                };
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter words = new StringWriter();
        boolean good = compiler.getTask(
                        words,
                        null,
                        null,
                        List.of("--release", "25", "-proc:none", "-cp", api.toString(), "-d", classes.toString()),
                        null,
                        List.of(source))
                .call();
        if (!good) {
            throw new AssertionError(words.toString());
        }
    }
}
