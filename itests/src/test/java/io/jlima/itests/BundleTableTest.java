// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Guards the table of rooms in docs/design.md: who may use whom. */
@AnalyzeClasses(packages = "io.jlima", importOptions = ImportOption.DoNotIncludeTests.class)
class BundleTableTest {
    private static final String API = "io.jlima.api";

    /** Rooms, and what each may use of the others and of libraries beside the JDK and annotations. */
    private static final Map<String, List<String>> ROOMS = Map.ofEntries(
            Map.entry(API, List.of()),
            Map.entry("io.jlima.config", List.of(API, "org.yaml.snakeyaml")),
            Map.entry("io.jlima.core", List.of(API, "org.osgi.framework")),
            Map.entry("io.jlima.ssh", List.of(API, "org.apache.sshd")),
            Map.entry("io.jlima.guestagent", List.of(API)),
            Map.entry("io.jlima.cli", List.of(API, "org.apache.felix.service.command", "org.osgi.framework")),
            Map.entry("io.jlima.hypervisor.qemu", List.of(API)),
            Map.entry("io.jlima.network.slirp", List.of(API)),
            Map.entry("io.jlima.mount.plan9", List.of(API)),
            Map.entry("io.jlima.mount.virtiofs", List.of(API)),
            Map.entry("io.jlima.mount.sshfs", List.of(API)),
            Map.entry("io.jlima.expression", List.of(API, "net.thisptr.jackson.jq", "com.fasterxml.jackson.databind")),
            Map.entry("io.jlima.image.debian", List.of(API)),
            Map.entry("io.jlima.portforward", List.of(API)),
            Map.entry("io.jlima.dns", List.of(API)),
            Map.entry("io.jlima.fileevents", List.of(API)),
            Map.entry("io.jlima.launcher", List.of("org.osgi.framework")),
            Map.entry("io.jlima.client", List.of("sun.misc")));

    /** What every room may use. */
    private static final List<String> COMMON = List.of(
            "java",
            "javax.net.ssl",
            "com.sun.management",
            "org.jspecify",
            "org.osgi.annotation",
            "org.osgi.service.component.annotations",
            "org.slf4j");

    @ArchTest
    static final ArchRule EVERY_ROOM_KEEPS_TO_THE_TABLE = ArchRuleDefinition.classes()
            .should(new ArchCondition<>("use only what the table of rooms allows") {
                @Override
                public void check(JavaClass item, ConditionEvents events) {
                    String room = room(item.getPackageName());
                    item.getDirectDependenciesFromSelf().forEach(dependency -> {
                        String target = dependency
                                .getTargetClass()
                                .getBaseComponentType()
                                .getPackageName();
                        if (!allowed(room, target)) {
                            events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
                        }
                    });
                }
            });

    @ArchTest
    static final ArchRule ONLY_THREE_PLACES_KNOW_THE_FRAMEWORK = noClasses()
            .that()
            .resideOutsideOfPackages("io.jlima.launcher..", "io.jlima.cli..")
            .and()
            .doNotHaveFullyQualifiedName("io.jlima.core.internal.instance.HomeFolder")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.osgi.framework..");

    private static boolean allowed(String room, String target) {
        return target.isEmpty()
                || inside(target, room)
                || COMMON.stream().anyMatch(c -> inside(target, c))
                || ROOMS.getOrDefault(room, List.of()).stream().anyMatch(c -> inside(target, c));
    }

    private static boolean inside(String name, String prefix) {
        return name.equals(prefix) || name.startsWith(prefix + ".");
    }

    private static String room(String packageName) {
        return ROOMS.keySet().stream()
                .filter(r -> inside(packageName, r))
                .findFirst()
                .orElseThrow(() -> new AssertionError("package " + packageName + " is in no room of the table"));
    }

    @Test
    void theGuardSeesAllRooms() {
        var classes = new com.tngtech.archunit.core.importer.ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.jlima");
        for (String room : ROOMS.keySet()) {
            org.assertj.core.api.Assertions.assertThat(classes.stream().anyMatch(c -> inside(c.getPackageName(), room)))
                    .as("classes of %s", room)
                    .isTrue();
        }
        org.assertj.core.api.Assertions.assertThat(Arrays.asList("java.util", "java.nio.file"))
                .allMatch(p -> allowed(API, p));
        org.assertj.core.api.Assertions.assertThat(allowed("io.jlima.core", "io.jlima.hypervisor.qemu"))
                .isFalse();
    }
}
