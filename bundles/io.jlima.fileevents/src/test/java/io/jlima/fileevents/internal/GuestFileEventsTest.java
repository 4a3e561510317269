// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.AgentSession.Change;
import io.jlima.api.guest.AgentSession.FileEvent;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.FileReplay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class GuestFileEventsTest {
    private static final String POINT = "/mnt/m";
    private static final Instant SIGN = Instant.ofEpochSecond(0x9abcdef0L);

    @TempDir
    Path folder;

    private Path home;
    private Path location;
    private FakeAgent agent;
    private FakeGuest guest;
    private Attachment attached = Attachment.NONE;
    private final List<FileEvent> passed = new ArrayList<>();
    private int markers;

    @BeforeEach
    void begin() throws IOException {
        home = Files.createDirectories(folder.resolve("home"));
        location = Files.createDirectories(folder.resolve("location"));
        agent = new FakeAgent(location);
        guest = new FakeGuest(Files.createDirectories(home.resolve("fake")), true, agent);
    }

    @AfterEach
    void end() {
        attached.close();
    }

    private void attach() throws Exception {
        attached = new FileEventService().attach(guest);
        agent.connect();
        settle(location);
    }

    private FileEvent await(Predicate<FileEvent> wanted) throws InterruptedException {
        while (true) {
            FileEvent event = agent.told.poll(60, TimeUnit.SECONDS);
            assertThat(event).as("after %s", passed).isNotNull();
            passed.add(event);
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    private FileEvent await(String path, Change change) throws InterruptedException {
        return await(event -> event.path().equals(path) && event.change() == change);
    }

    /**
     * The watch has begun when it tells of one of the files made here, and all before that was told or will not be. Files
     * made before it has begun are not told, so there are more of them.
     */
    private void settle(Path directory) throws Exception {
        String prefix = "marker-" + markers++ + "-";
        for (int i = 0; ; i++) {
            Files.createFile(directory.resolve(prefix + i));
            FileEvent event = agent.told.poll(200, TimeUnit.MILLISECONDS);
            while (event != null) {
                if (event.path().contains(prefix)) {
                    return;
                }
                passed.add(event);
                event = agent.told.poll(200, TimeUnit.MILLISECONDS);
            }
        }
    }

    @Test
    void filesComeChangeAndGo() throws Exception {
        guest.mount(location, POINT, FileReplay.BY_TIME);
        attach();
        Path file = Files.createDirectory(location.resolve("inner")).resolve("file");
        Files.writeString(file, "1");
        FileEvent came = await("inner/file", Change.CONTENT);
        assertThat(came.mountPoint()).isEqualTo(POINT);
        assertThat(came.sign()).isFalse();
        assertThat(came.time()).isEqualTo(Files.getLastModifiedTime(file).toInstant());
        assertThat(passed).anyMatch(event -> event.path().equals("inner"));
        settle(location);
        Files.writeString(file, "22");
        await("inner/file", Change.CONTENT);
        settle(location);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        await("inner/file", Change.ATTRIBUTES);
        settle(location);
        passed.clear();
        Files.delete(file);
        await("inner", Change.CONTENT);
        assertThat(passed).noneMatch(event -> event.path().equals("inner/file"));
    }

    @Test
    void whatTheGuestDoesToTellIsNotToldAgain() throws Exception {
        guest.mount(location, POINT, FileReplay.BY_TIME);
        attach();
        Path file = Files.writeString(location.resolve("file"), "1");
        await("file", Change.CONTENT);
        passed.clear();
        // The echo of the first comes before these.
        for (int i = 0; i < 20; i++) {
            settle(location);
        }
        assertThat(passed.stream().filter(event -> event.path().equals("file"))).hasSizeLessThanOrEqualTo(1);
        assertThat(file).hasContent("1");
    }

    @Test
    void bySignNothingChangesAndEverythingIsNews() throws Exception {
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        Path file = Files.writeString(location.resolve("file"), "1");
        FileTime old = FileTime.from(Instant.parse("2020-01-02T03:04:05Z"));
        attach();
        for (int i = 0; i < 2; i++) {
            Files.setLastModifiedTime(file, old);
            FileEvent event = await("file", Change.ATTRIBUTES);
            assertThat(event.time()).isEqualTo(SIGN);
            assertThat(event.sign()).isTrue();
            settle(location);
        }
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);
    }

    @Test
    void oneDirectoryInTwoMounts() throws Exception {
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        Path inner = Files.createDirectory(location.resolve("inner"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), inner);
        guest.mount(link, "/mnt/inner", FileReplay.bySign(SIGN));
        guest.mount(location, "/mnt/blind", FileReplay.impossible("no"));
        attach();
        Files.writeString(inner.resolve("file"), "1");
        await(event -> event.mountPoint().equals(POINT) && event.path().equals("inner/file"));
        await(event -> event.mountPoint().equals("/mnt/inner") && event.path().equals("file"));
        settle(location);
        assertThat(passed).noneMatch(event -> event.mountPoint().equals("/mnt/blind"));
    }

    @Test
    void mountsThatComeAndGo() throws Exception {
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        attach();
        Path other = Files.createDirectory(folder.resolve("other"));
        guest.mount(other, "/mnt/other", FileReplay.bySign(SIGN));
        attached.mountsChanged();
        settle(other);
        Files.writeString(other.resolve("file"), "1");
        await(event -> event.mountPoint().equals("/mnt/other") && event.path().equals("file"));
        guest.mounts.removeLast();
        attached.mountsChanged();
        settle(location);
        passed.clear();
        Files.writeString(other.resolve("file"), "2");
        settle(location);
        settle(location);
        assertThat(passed).noneMatch(event -> event.mountPoint().equals("/mnt/other"));
    }

    @Test
    void whatHappensWhileTheAgentIsAwayIsToldLater() throws Exception {
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        attach();
        agent.disconnect();
        Files.writeString(location.resolve("meanwhile"), "1");
        agent.connect();
        await("meanwhile", Change.CONTENT);
    }

    @Test
    void aDirectoryThatIsThereLater() throws Exception {
        Path later = folder.resolve("later");
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        guest.mount(later, "/mnt/later", FileReplay.bySign(SIGN));
        attach();
        Files.createDirectory(later);
        settle(later);
    }

    @Test
    void theHomeOfTheMachinesIsLeftOut() throws Exception {
        guest.mount(folder, POINT, FileReplay.bySign(SIGN));
        attach();
        passed.clear();
        Files.writeString(home.resolve("fake/diffdisk"), "1");
        settle(location);
        settle(location);
        assertThat(passed).noneMatch(event -> event.path().contains("diffdisk"));
    }

    @Test
    void allEndsWithTheGuest() throws Exception {
        guest.mount(location, POINT, FileReplay.bySign(SIGN));
        attach();
        Thread worker = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("file events of fake"))
                .findFirst()
                .orElseThrow();
        attached.close();
        worker.join(60_000);
        assertThat(worker.isAlive()).isFalse();
        assertThat(agent.listeners()).isZero();
    }

    @Test
    void nothingWithoutTheWish() {
        FakeGuest other = new FakeGuest(home, false, agent);
        assertThat(new FileEventService().attach(other)).isSameAs(Attachment.NONE);
        assertThat(new FileEventService().attach(new FakeGuest(home, true, null)))
                .isSameAs(Attachment.NONE);
        assertThat(agent.listeners()).isZero();
    }
}
