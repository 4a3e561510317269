// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guests that restart by themselves, and what people hear of their boot scripts. */
@Timeout(180)
class RestartsTest extends RiggedInstances {
    private static final String FAILED =
            "the guest's boot script boot.Linux/15-x.sh failed; see /var/log/lima-boot.log in the guest";
    private static final String WELL = "the guest has restarted, and none of its boot scripts failed this time";

    private final LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();

    @BeforeEach
    void watch() {
        service.watch(null, event -> {
            if (event instanceof InstanceEvent.Trouble trouble) {
                told.add(trouble.message());
            }
        });
    }

    private void restart(String failedSteps) {
        rig.connector.failedSteps = failedSteps;
        rig.hypervisor.last().listener.happened(new Machine.Reset());
    }

    private void isTold(String words) throws InterruptedException {
        assertThat(told.poll(Eventually.SECONDS, TimeUnit.SECONDS)).isEqualTo(words);
    }

    private String lastLine(String file) throws IOException {
        return Files.readAllLines(folder.file(file)).getLast();
    }

    @Test
    void whatFailedInItIsToldAsByAStartAndTakenBackByTheNextOne() throws Exception {
        start();
        assertThat(look().errors()).isEmpty();
        restart("boot.Linux/15-x.sh\n");
        isTold(FAILED);
        assertThat(look().errors()).containsExactly(FAILED);
        assertThat(lastLine("ha.stdout.log"))
                .contains("\"running\":true,\"degraded\":true,\"errors\":[\"" + FAILED + "\"]");
        assertThat(lastLine("ha.stderr.log")).contains("\"level\":\"error\",\"msg\":\"" + FAILED);
        restart("");
        isTold(WELL);
        assertThat(look().errors()).isEmpty();
        assertThat(lastLine("ha.stdout.log")).contains("\"running\":true").doesNotContain("degraded");
        assertThat(lastLine("ha.stderr.log")).contains("\"level\":\"info\",\"msg\":\"" + WELL);
    }

    @Test
    void whatTheStartToldOfIsTakenBackAndNothingElse() throws Exception {
        rig.connector.failedSteps = "boot.Linux/15-x.sh\n";
        assertThatThrownBy(this::start).hasMessageContaining(FAILED);
        Machine.Listener listener = rig.hypervisor.last().listener;
        listener.happened(new Machine.DiskTrouble("data", "EIO", false));
        String disk = "the host cannot serve disk data: EIO";
        isTold(disk);
        assertThat(look().errors()).containsExactly(FAILED, disk);
        restart("");
        isTold(WELL);
        assertThat(look().errors()).containsExactly(disk);
    }

    /** A question to the guest: that it is asked, and that nobody waits for the answer any more. */
    private record Question(CountDownLatch asked, CountDownLatch givenUp) {}

    /** The next one is not answered before it is given up, and then goes on, as one would that is about to tell. */
    private Question holdTheNext() {
        Question question = new Question(new CountDownLatch(1), new CountDownLatch(1));
        rig.connector.whileConnecting = () -> {
            rig.connector.whileConnecting = null;
            question.asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                question.givenUp.countDown();
            }
        };
        return question;
    }

    @Test
    void theLatestBootCounts() throws Exception {
        start();
        Question first = holdTheNext();
        restart("boot.Linux/15-x.sh\n");
        Eventually.happens(first.asked, "the question after the first boot");
        restart("boot.Linux/16-y.sh\n");
        Eventually.happens(first.givenUp, "the end of that");
        String other = FAILED.replace("15-x", "16-y");
        isTold(other);
        assertThat(look().errors()).containsExactly(other);
    }

    @Test
    void aMachineThatHasEndedIsNotAsked() throws Exception {
        start();
        Question question = holdTheNext();
        restart("boot.Linux/15-x.sh\n");
        Eventually.happens(question.asked, "the question");
        rig.hypervisor.last().exited.complete(new Machine.Exit(true, "off"));
        Eventually.happens(question.givenUp, "the end of that");
        assertThat(look().errors()).isEmpty();
        assertThat(told).isEmpty();
    }
}
