// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.InstanceConfig.FileRef;
import io.jlima.api.config.InstanceConfig.Image;
import io.jlima.api.image.ImageSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
    private final Map<String, ImageSource> sources = new HashMap<>();
    private final Recorded progress = new Recorded();
    private final List<ImageSource.Request> requests = new ArrayList<>();
    private Images images;
    private Desk desk;
    private WebServer server;

    @BeforeEach
    void open(@TempDir Path directory) throws Exception {
        desk = Desk.in(directory);
        server = new WebServer();
        images = new Images(
                new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE), scheme -> Optional.ofNullable(sources.get(scheme)));
        server.on("/good.img", WebServer.file("a disk".getBytes()));
    }

    @AfterEach
    void close() throws Exception {
        server.close();
    }

    private static FileRef ref(String location, Arch arch) {
        return new FileRef(location, arch, null);
    }

    private static Image image(String location) {
        return variant(location, null, null);
    }

    private static Image variant(String location, @Nullable String variant, @Nullable String archVariant) {
        return new Image(ref(location, Arch.X86_64), null, "", null, variant, archVariant);
    }

    private CachedImage fetch(Image... list) throws InterruptedException {
        return images.fetch(List.of(list), Arch.X86_64, desk.caller(), progress);
    }

    /** An image source that answers with files of the test. */
    private ImageSource source(ImageSource.SourcedImage answer) {
        return new ImageSource() {
            @Override
            public SourcedImage fetch(Request request, HostEnvironment caller, Progress watcher) {
                requests.add(request);
                return answer;
            }
        };
    }

    @Test
    void theFirstThatCanBeHadIsTaken() throws Exception {
        CachedImage image = fetch(
                image(server.url("/missing.img")), image(server.url("/good.img")), image(server.url("/other.img")));
        assertThat(image.disk()).hasContent("a disk");
        assertThat(image.format()).isEqualTo(ImageFormat.RAW);
        assertThat(image.kernel()).isNull();
        assertThat(image.cmdline()).isEmpty();
        assertThat(progress.lines)
                .containsExactly("warn: Trying the next image, because %1$s cannot be used: Cannot download %1$s:"
                                .formatted(server.url("/missing.img"))
                        + " the server answered 404");
    }

    @Test
    void whenNoneCanBeHadEveryFailureIsNamed() {
        LimaException e = catchThrowableOfType(
                LimaException.class,
                () -> fetch(
                        image(server.url("/one.img")),
                        image("/nowhere/two.img"),
                        image("moon:three"),
                        image(server.url("/four.img"))));
        assertThat(e.what()).isEqualTo("None of the 4 images for x86_64 can be used");
        assertThat(e.evidence())
                .contains("- " + server.url("/one.img") + "\n    Cannot download")
                .contains("- /nowhere/two.img\n    There is no file /nowhere/two.img")
                .contains("- moon:three\n    Nothing that is installed knows image locations that begin with moon:")
                .contains("- " + server.url("/four.img"));
        assertThat(e.remedy()).contains("Install the bundle");
        assertThat(progress.lines).hasSize(3);
    }

    @Test
    void aSingleFailureIsSaidShortly() {
        assertThatThrownBy(() -> fetch(image("/nowhere/two.img")))
                .isInstanceOf(LimaException.class)
                .hasMessage("The only image for x86_64, /nowhere/two.img, cannot be used\n"
                        + "There is no file /nowhere/two.img");
        assertThat(progress.lines).isEmpty();
    }

    @Test
    void imagesOfOtherArchitecturesAndVariantsArePassedOver() throws Exception {
        Image foreign = new Image(ref(server.url("/good.img"), Arch.AARCH64), null, "", null, null, null);
        assertThatThrownBy(() -> fetch(foreign))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("No image is listed for the architecture x86_64")
                .hasMessageContaining(server.url("/good.img") + " (aarch64)");
        assertThatThrownBy(() -> fetch()).hasMessageContaining("Listed: none");

        assertThatThrownBy(() -> fetch(
                        foreign,
                        variant("/nowhere/1", "server", "v2"),
                        variant(server.url("/good.img"), "desktop", "v2"),
                        variant(server.url("/good.img"), "server", null),
                        variant("/nowhere/2", "server", "v2")))
                .hasMessageContaining("None of the 2 images");
        assertThat(fetch(variant("/nowhere/1", "server", "v2"), variant(server.url("/good.img"), "server", "v2"))
                        .disk())
                .hasContent("a disk");
    }

    @Test
    void aKernelIsUnpackedAndAnInitrdIsNot() throws Exception {
        byte[] packed = Desk.filtered("a kernel".getBytes(), "gzip", "-c");
        server.on("/vmlinuz", WebServer.file(packed)).on("/initrd.gz", WebServer.file(packed));
        CachedImage image = fetch(new Image(
                ref(server.url("/good.img"), Arch.X86_64),
                ref(server.url("/vmlinuz"), Arch.X86_64),
                "root=/dev/vda1",
                ref(server.url("/initrd.gz"), Arch.X86_64),
                null,
                null));
        assertThat(image.kernel()).hasContent("a kernel");
        assertThat(image.initrd()).hasBinaryContent(packed);
        assertThat(image.cmdline()).isEqualTo("root=/dev/vda1");
    }

    @Test
    void anImageWithoutItsKernelIsNotUsed() {
        Image image = new Image(
                ref(server.url("/good.img"), Arch.X86_64),
                ref(server.url("/vmlinuz"), Arch.X86_64),
                "",
                null,
                null,
                null);
        assertThatThrownBy(() -> fetch(image)).hasMessageContaining("/vmlinuz: the server answered 404");
    }

    @Test
    void otherSchemesAreLeftToTheirSources() throws Exception {
        Path disk = Files.writeString(desk.directory().resolve("disk"), "built");
        Path kernel = Files.writeString(desk.directory().resolve("kernel"), "kernel");
        sources.put("debian", source(new ImageSource.SourcedImage(disk, kernel, kernel, "quiet")));
        CachedImage image = fetch(image("debian:bookworm?include=vim"));
        assertThat(image).isEqualTo(new CachedImage(disk, ImageFormat.RAW, kernel, kernel, "quiet"));
        assertThat(requests)
                .containsExactly(new ImageSource.Request(
                        "debian:bookworm?include=vim",
                        Arch.X86_64,
                        desk.directory().resolve("cache/lima/debian")));
    }

    @Test
    void aKernelInTheConfigurationStandsInPlaceOfTheSources() throws Exception {
        Path disk = Files.writeString(desk.directory().resolve("disk"), "built");
        sources.put("debian", source(new ImageSource.SourcedImage(disk, disk, disk, "quiet")));
        server.on("/vmlinuz", WebServer.file("mine".getBytes()));
        CachedImage image = fetch(new Image(
                ref("debian:bookworm", Arch.X86_64),
                ref(server.url("/vmlinuz"), Arch.X86_64),
                "loud",
                null,
                null,
                null));
        assertThat(image.kernel()).hasContent("mine");
        assertThat(image.initrd()).isNull();
        assertThat(image.cmdline()).isEqualTo("loud");
    }

    @Test
    void aDigestCannotBeDemandedOfASource() {
        sources.put("debian", source(new ImageSource.SourcedImage(desk.directory(), null, null, "")));
        FileRef file = new FileRef("debian:bookworm", Arch.X86_64, "sha256:" + "0".repeat(64));
        assertThatThrownBy(() -> fetch(new Image(file, null, "", null, null, null)))
                .hasMessageContaining("A digest cannot be demanded of debian:bookworm");
        assertThat(requests).isEmpty();
    }

    @Test
    void aSourceThatThrowsIsOneFailedImage() throws Exception {
        sources.put("bad", new ImageSource() {
            @Override
            public SourcedImage fetch(Request request, HostEnvironment caller, Progress watcher) {
                throw new IllegalStateException("oops");
            }
        });
        assertThat(fetch(image("bad:x"), image(server.url("/good.img"))).disk()).hasContent("a disk");
        assertThat(progress.lines.getFirst()).contains("The image source for bad: failed");
    }

    @Test
    void anInterruptedSourceIsNoReasonToTryTheNext() {
        sources.put("slow", new ImageSource() {
            @Override
            public SourcedImage fetch(Request request, HostEnvironment caller, Progress watcher) {
                Thread.currentThread().interrupt();
                throw new LimaException("given up");
            }
        });
        assertThatThrownBy(() -> fetch(image("slow:x"), image(server.url("/good.img"))))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void anImageThatWouldOpenOtherFilesIsNotUsed() throws Exception {
        Path secret = Files.writeString(desk.directory().resolve("secret"), "secret");
        Path evil = desk.directory().resolve("evil.img");
        Desk.filtered(
                new byte[0],
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-F",
                "raw",
                "-b",
                secret.toString(),
                evil.toString(),
                "1M");
        assertThatThrownBy(() -> fetch(image(evil.toString())))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("it is based on another file, " + secret);
        sources.put("evil", source(new ImageSource.SourcedImage(evil, null, null, "")));
        assertThatThrownBy(() -> fetch(image("evil:x"))).hasMessageContaining("it is based on another file");
    }
}
