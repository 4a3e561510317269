// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.Attachment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Whatever happens while something is being attached: it is attached once, and closed once. */
class AttachmentsTest {
    @Test
    void aGuestCannotSpeakToTheTerminal() throws InterruptedException {
        attachments.attach("a", "mounts", () -> new Attachment() {
            @Override
            public CompletionStage<Void> ready() {
                return CompletableFuture.failedFuture(new IllegalStateException("\u001b[2J\u202egone"));
            }

            @Override
            public void close() {}
        });
        assertThat(attachments.awaitReady(Duration.ofSeconds(60))).containsExactly("mounts: ?[2J?gone");
    }

    private final Attachments attachments = new Attachments("x");
    private final List<String> told = new ArrayList<>();

    private Attachment made(String name) {
        told.add("make " + name);
        return () -> told.add("close " + name);
    }

    @Test
    void oneOfEachKey() {
        attachments.attach("key", "a", () -> {
            attachments.attach("key", "b", () -> made("b"));
            return made("a");
        });
        attachments.attach("key", "c", () -> made("c"));
        assertThat(attachments.detach("key")).contains("a");
        assertThat(attachments.detach("key")).isEmpty();
        attachments.attach("key", "d", () -> made("d"));
        assertThat(told).containsExactly("make a", "close a", "make d");
    }

    @Test
    void whatGoesWhileItComesIsClosed() {
        attachments.attach("key", "a", () -> {
            attachments.detach("key");
            return made("a");
        });
        attachments.attach("other", "b", () -> {
            attachments.close();
            return made("b");
        });
        attachments.attach("late", "c", () -> made("c"));
        attachments.close();
        assertThat(told).containsExactly("make a", "close a", "make b", "close b", "make c", "close c");
    }

    @Test
    void whatCannotBeAttachedIsNotThere() {
        assertThatThrownBy(() -> attachments.attach("key", "a", () -> {
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");
        attachments.attach("key", "b", () -> made("b"));
        attachments.attach("bad", "c", () -> () -> {
            throw new IllegalStateException("does not close");
        });
        attachments.close();
        assertThat(told).containsExactly("make b", "close b");
    }
}
