// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A home that is shown for reading and a directory in it for writing, listed in either order. */
record NestedMounts(MountedGuest mounted) {
    static final List<String> ORDERS = List.of("outer-first", "inner-first");

    /** Makes the directories; the entries of lima.yaml that show them. */
    String yaml() throws IOException {
        StringBuilder yaml = new StringBuilder();
        for (String order : ORDERS) {
            yaml.append(yaml(order));
        }
        return yaml.toString();
    }

    private String yaml(String order) throws IOException {
        Path outer = mounted.shared.resolve(order);
        Files.createDirectories(outer.resolve("inner"));
        Files.writeString(outer.resolve("note"), "outer\n");
        Path inner = Files.createDirectory(mounted.shared.resolve(order + ", inner"));
        Files.writeString(inner.resolve("note"), "inner\n");
        String outerMount = "- {location: \"%s\", mountPoint: /mnt/%s}\n".formatted(outer, order);
        String innerMount = "- {location: \"%s\", mountPoint: /mnt/%s/inner, writable: true}\n".formatted(inner, order);
        return order.equals("outer-first") ? outerMount + innerMount : innerMount + outerMount;
    }

    /** Whether each is seen, and written to, as it was asked for; leaves a word in the inner one. */
    void areOneWithinTheOther(String what) throws IOException {
        for (String order : ORDERS) {
            Path inner = mounted.shared.resolve(order + ", inner");
            Home.eventually(
                    order + " " + what,
                    () -> mounted.run("cat /mnt/" + order + "/note /mnt/" + order + "/inner/note")
                            .out()
                            .equals("outer\ninner\n"));
            assertThat(mounted.works("echo " + what + " >/mnt/" + order + "/inner/new"))
                    .as(order)
                    .isTrue();
            assertThat(inner.resolve("new")).hasContent(what);
            assertThat(mounted.works("touch /mnt/" + order + "/planted"))
                    .as(order)
                    .isFalse();
            assertThat(mounted.works("echo x >/mnt/" + order + "/note"))
                    .as(order)
                    .isFalse();
            assertThat(mounted.shared.resolve(order + "/note")).hasContent("outer");
            assertThat(mounted.shared.resolve(order + "/inner")).isEmptyDirectory();
            assertThat(mounted.shared.resolve(order + "/planted")).doesNotExist();
        }
    }
}
