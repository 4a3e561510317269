// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which mounts a guest could lead elsewhere by a link in another one. */
class NestedMountsTest {
    @TempDir
    Path temporary;

    private Path outer;
    private Path secret;

    @BeforeEach
    void make() throws IOException {
        // The temporary directory may itself be reached by a link, which is nobody's fault.
        temporary = temporary.toRealPath();
        outer = Files.createDirectories(temporary.resolve("outer"));
        secret = Files.createDirectories(temporary.resolve("secret/data"));
    }

    private static Mount mount(Path location, boolean writable) {
        return Rig.mount(location.toString(), location.toString(), writable);
    }

    private static void refused(String link, Mount... mounts) {
        assertThatThrownBy(() -> NestedMounts.check(Arrays.asList(mounts)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(link + " is a symbolic link")
                .hasMessageContaining("name the directory that it leads to");
    }

    private static void fine(Mount... mounts) {
        assertThatCode(() -> NestedMounts.check(Arrays.asList(mounts))).doesNotThrowAnyException();
    }

    @Test
    void aLinkBelowAWritableMountIsNotFollowed() throws IOException {
        Path link = Files.createSymbolicLink(outer.resolve("work"), secret);
        Mount whole = mount(outer, true);
        refused(link.toString(), whole, mount(link, false));
        refused(link.toString(), mount(link, true), whole);
        refused(link.toString(), whole, mount(link.resolve("below/it"), false));
        assertThatThrownBy(() -> NestedMounts.check(Arrays.asList(whole, mount(link, false))))
                .hasMessageContaining("mount of " + outer + " is writable")
                .hasMessageContaining("the mount of " + link);
        fine(mount(outer, false), mount(link, true));
        fine(whole, mount(secret, false));
    }

    @Test
    void aLinkInTheMiddleAndOneToNowhereCountToo() throws IOException {
        Files.createDirectories(outer.resolve("a/b"));
        Path middle = Files.createSymbolicLink(outer.resolve("a/c"), Path.of("b"));
        Path nowhere = Files.createSymbolicLink(outer.resolve("later"), temporary.resolve("nothing"));
        refused(middle.toString(), mount(outer, true), mount(middle.resolve("d"), false));
        refused(nowhere.toString(), mount(outer, true), mount(nowhere, false));
    }

    @Test
    void directoriesAreFineAndSoAreThoseThatAreToBeMade() throws IOException {
        Files.createDirectories(outer.resolve("a/b"));
        fine(mount(outer, true), mount(outer.resolve("a/b"), true), mount(outer.resolve("a/new/one"), false));
        fine(mount(outer, true), mount(outer, false));
        fine(mount(temporary.resolve("not yet"), true), mount(temporary.resolve("not yet/x"), false));
    }

    @Test
    void linksAboveTheWritableMountAreTheHostsOwn() throws IOException {
        Path home = Files.createSymbolicLink(temporary.resolve("home"), Path.of("secret/../outer"));
        Files.createDirectories(outer.resolve("a"));
        Path link = Files.createSymbolicLink(outer.resolve("b"), secret);
        fine(mount(home, true), mount(home.resolve("a"), false));
        refused(link.toString(), mount(home, true), mount(home.resolve("b"), false));
        refused(link.toString(), mount(outer, true), mount(home.resolve("b"), false));
        Path around = Files.createSymbolicLink(temporary.resolve("around"), outer.resolve("b"));
        refused(link.toString(), mount(outer, true), mount(around, false));
    }

    @Test
    void aRingOfLinksEnds() throws IOException {
        Path one = temporary.resolve("one");
        Files.createSymbolicLink(one, temporary.resolve("two"));
        Files.createSymbolicLink(temporary.resolve("two"), one);
        fine(mount(outer, true), mount(one, false));
    }
}
