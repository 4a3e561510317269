// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Everything that is changed is seen at once; nothing is read twice. */
class InstanceFilesTest {
    @TempDir
    Path path;

    private HomeFolder home;
    private InstanceFolder folder;

    private InstanceFiles files;

    @BeforeEach
    void make() throws IOException {
        home = new HomeFolder(path, path, "0.1.0");
        folder = home.instance("a");
        folder.create("one", "2.2.0");
        Files.writeString(folder.file("disk"), "");
        files = new InstanceFiles(
                home,
                new Configurations(new Reader(), new HostFacts(home), home),
                new SshPorts(),
                InstantSource.system());
    }

    private static final class Reader extends Rig.Reader {
        @Override
        public Resolved resolve(String text, String source, Facts facts) {
            if (text.startsWith("bad")) {
                throw new LimaException(source + ": bad");
            }
            return new Resolved(Rig.config("fake", 0, List.of(), null), Map.of("text", text), List.of());
        }
    }

    private InstanceFiles.Content content() {
        return files.of(folder, files.defaults());
    }

    /** Nobody has touched anything for a minute. Gives what is known then. */
    private InstanceFiles.Content settled() throws IOException {
        age(folder.path());
        age(folder.limaYaml());
        return content();
    }

    private static void age(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
    }

    private Object text() {
        Configuration configuration = content().configuration();
        return configuration == null ? "none" : configuration.tree().getOrDefault("text", "");
    }

    @Test
    void whatHasNotChangedIsNotReadAgain() throws IOException {
        InstanceFiles.Content first = settled();
        assertThat(content()).isSameAs(first);
        assertThat(first.version()).isEqualTo("2.2.0");
        files.forget(folder);
        assertThat(content()).isNotSameAs(first).isEqualTo(first);
    }

    @Test
    void whatWasReadInTheMomentOfAChangeIsReadAgain() {
        assertThat(content()).isNotSameAs(content());
    }

    @Test
    void anEditIsSeen() throws IOException {
        settled();
        assertThat(text()).isEqualTo("one");
        Files.writeString(folder.limaYaml(), "two");
        assertThat(text()).isEqualTo("two");
        settled();
        Files.writeString(folder.limaYaml(), "bad");
        assertThat(content().errors()).hasSize(1).first().asString().endsWith(": bad");
        assertThat(text()).isEqualTo("none");
        settled();
        Files.delete(folder.limaYaml());
        assertThat(content().errors().getFirst()).contains("has no lima.yaml");
        Path draft = Files.writeString(folder.file("lima.yaml.tmp"), "four");
        Files.move(draft, folder.limaYaml(), StandardCopyOption.ATOMIC_MOVE);
        assertThat(text()).isEqualTo("four");
    }

    @Test
    void whatAppearsBesideItIsSeen() throws IOException {
        assertThat(settled()).matches(c -> !c.isProtected()).matches(c -> !c.hasAgent());
        Files.createFile(folder.file("protected"));
        assertThat(content().isProtected()).isTrue();
        settled();
        Files.delete(folder.file("protected"));
        assertThat(content().isProtected()).isFalse();
        settled();
        Files.writeString(folder.file("ha.pid"), "1");
        assertThat(content().hasAgent()).isTrue();
        assertThat(settled().port()).isZero();
        folder.write("ssh.config", "Host x\n  Port 1234\n", "rw-------");
        assertThat(settled().port()).isEqualTo(1234);
        folder.write("ssh.config", "Host x\n  Port 4321\n", "rw-------");
        assertThat(content().port()).isEqualTo(4321);
    }

    @Test
    void newDefaultsCountForAll() throws IOException {
        InstanceFiles.Content first = settled();
        Files.createDirectories(home.config());
        assertThat(content()).isSameAs(first);
        Path defaults = Files.writeString(home.config().resolve("default.yaml"), "cpus: 1");
        assertThat(content()).isNotSameAs(first);
        age(defaults);
        InstanceFiles.Content second = content();
        assertThat(content()).isSameAs(second);
        Files.writeString(home.config().resolve("override.yaml"), "cpus: 2");
        assertThat(content()).isNotSameAs(second);
    }

    @Test
    void anInstanceThatIsMadeAnewUnderTheSameNameIsAnother() throws IOException {
        settled();
        folder.delete();
        folder.create("two", "1.0.0");
        Files.writeString(folder.file("disk"), "");
        assertThat(text()).isEqualTo("two");
        assertThat(content().version()).isEqualTo("1.0.0");
    }

    @Test
    void theListOfInstancesIsThatOfTheMoment() throws IOException {
        Files.createDirectory(path.resolve("_config"));
        Files.createSymbolicLink(path.resolve("link"), folder.path());
        assertThat(names()).containsExactly("a");
        age(path);
        List<InstanceFolder> before = home.instances();
        assertThat(home.instances()).isSameAs(before);
        InstanceFolder other = home.instance("b");
        other.create("x", "");
        assertThat(names()).containsExactly("a", "b");
        age(path);
        assertThat(names()).containsExactly("a", "b");
        other.delete();
        assertThat(names()).containsExactly("a");
    }

    private List<String> names() {
        return home.instances().stream().map(InstanceFolder::name).toList();
    }
}
