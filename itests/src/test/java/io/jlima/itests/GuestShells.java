// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Commands, words and terminals in {@code t1}, a guest of {@link GuestIT}. */
interface GuestShells {
    Home home();

    @Test
    @Order(11)
    default void inputOutputErrorsAndExitCodePassThrough() {
        Home.Result fed = home().limactlFed("hi\n", "shell", "t1", "cat");
        assertThat(fed.out()).isEqualTo("hi\n");
        assertThat(fed.err()).isEmpty();
        assertThat(fed.code()).isZero();
        assertThat(home().limactl("shell", "t1", "sh", "-c", "exit 7").code()).isEqualTo(7);
        assertThat(home().limactl("shell", "t1", "no-such-program").code()).isEqualTo(127);
        Home.Result both = home().limactl("shell", "t1", "sh", "-c", "echo one; echo two >&2; kill -TERM $$");
        assertThat(both.out()).isEqualTo("one\n");
        assertThat(both.err()).contains("two\n").doesNotContain("one");
        assertThat(both.code()).isEqualTo(143);
    }

    @Test
    @Order(12)
    default void argumentsArriveByteForByte() throws Exception {
        List<String> words = List.of(
                "plain",
                "two words",
                "  edges ",
                "",
                "it's \"quoted\"",
                "$HOME `id` $(id) \\ \\n",
                "line\nbreak\n",
                "grüße ✓ 𝄞",
                "*",
                "~",
                "a;b|c&d>e<f",
                "#no comment",
                "!1",
                "--flag=x",
                "-n",
                "{a,b}",
                "\ttab");
        List<String> command = new ArrayList<>(List.of("shell", "t1", "printf", "%s\\0"));
        command.addAll(words);
        assertThat(home().good(command.toArray(String[]::new)).out()).isEqualTo(String.join("\0", words) + "\0");
        assertThat(home().good("shell", "t1", "A=b", "C=d e", "sh", "-c", "echo \"$A,$C\"")
                        .out())
                .isEqualTo("b,d e\n");
    }

    @Test
    @Order(13)
    default void aMebibyteOfAnythingComesBackUnchanged() throws Exception {
        byte[] sent = new byte[1 << 20];
        new Random(42).nextBytes(sent);
        Process cat = home().start("shell", "t1", "cat");
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                received.complete(cat.getInputStream().readAllBytes());
            } catch (IOException e) {
                received.completeExceptionally(e);
            }
        });
        try (var in = cat.getOutputStream()) {
            in.write(sent);
        }
        assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(sent);
        assertThat(cat.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(cat.exitValue()).isZero();
    }

    @Test
    @Order(14)
    default void limaIsTheShortWord() {
        home().with("LIMA_INSTANCE", "t1");
        try {
            assertThat(home().lima("uname", "-n").out()).isEqualTo("lima-t1\n");
            assertThat(home().lima("sh", "-c", "exit 3").code()).isEqualTo(3);
            home().with("LIMA_WORKDIR", "/var/tmp");
            assertThat(home().lima("pwd").out()).isEqualTo("/var/tmp\n");
        } finally {
            home().with("LIMA_INSTANCE", null).with("LIMA_WORKDIR", null);
        }
        assertThat(home().good("shell", "--workdir", "/usr/lib", "t1", "pwd").out())
                .isEqualTo("/usr/lib\n");
        Home.Result nowhere = home().limactl("shell", "--workdir", "/no/such", "t1", "pwd");
        assertThat(nowhere.code()).isEqualTo(1);
        assertThat(nowhere.out()).isEmpty();
    }

    @Test
    @Order(15)
    default void openSshEntersByTheInstancesConfigAndTrustsNobodyElse() {
        String ssh = "ssh -F " + home().path + "/t1/ssh.config";
        Home.Result good = home().shell(ssh + " lima-t1 'echo $SSH_CONNECTION' 2>" + home().path + "/ssh.err; code=$?; "
                + ssh + " -O exit lima-t1 2>/dev/null; exit $code");
        assertThat(good.code()).as(good.all()).isZero();
        assertThat(good.out()).isNotBlank();
        assertThat(home().shell(ssh + " -G lima-t1").out()).contains("stricthostkeychecking true");

        Home.Result wrong = home().shell("ssh-keygen -q -t ed25519 -N '' -f " + home().path
                + "/other && printf 'lima-t1 %s\\n' \"$(cat "
                + home().path + "/other.pub)\" >" + home().path + "/wrong_hosts && " + ssh
                + " -o ControlPath=none -o UserKnownHostsFile=" + home().path + "/wrong_hosts lima-t1 true");
        assertThat(wrong.code()).isEqualTo(255);
        assertThat(wrong.err()).contains("Host key verification failed");
    }

    @Test
    @Order(17)
    default void aTerminalIsATerminal() throws Exception {
        try (Typescript here = new Typescript(home(), "limactl shell t1 sh -c 'tty; stty size'", 33, 101)) {
            assertThat(here.end()).as(here.text()).isZero();
            assertThat(here.text()).contains("/dev/pts/").contains("33 101");
        }
        try (Typescript code = new Typescript(home(), "limactl shell t1 sh -c 'exit 9'", 24, 80)) {
            assertThat(code.end()).isEqualTo(9);
        }
        try (Typescript interrupted = new Typescript(
                home(), "limactl shell t1 sh -c 'trap \"echo caught; exit 5\" INT; echo ready; sleep 60'", 24, 80)) {
            interrupted.await("ready");
            interrupted.type("\003");
            interrupted.await("caught");
            assertThat(interrupted.end()).isEqualTo(5);
        }
        try (Typescript resized = new Typescript(
                home(),
                "limactl shell t1 sh -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'",
                30,
                90)) {
            resized.await("ready");
            resized.resize(40, 120);
            resized.await("40 120");
            assertThat(resized.end()).isZero();
        }
        try (Typescript login = new Typescript(home(), "limactl shell t1", 24, 80)) {
            login.await("$ ");
            login.type("echo $((6*7))-$TERM; exit 4\r");
            login.await("42-");
            assertThat(login.end()).isEqualTo(4);
        }
    }

    @Test
    @Order(18)
    default void aThousandCallsLeakNothing() throws Exception {
        String calls = "i=0; while [ $i -lt %d ]; do " + home().program()
                + " shell t1 true </dev/null || exit 1; i=$((i + 1)); done";
        String sessions = "pgrep -c sshd";
        assertThat(home().shellWithin(120, calls.formatted(50)).code()).isZero();
        String inGuest = home().good("shell", "t1", "sh", "-c", sessions).out();
        Held before = Held.by(home().daemonPid());
        assertThat(home().shellWithin(900, calls.formatted(1000)).code()).isZero();
        Held after = Held.by(home().daemonPid());
        assertThat(after.descriptors()).as("%s, then %s", before, after).isLessThanOrEqualTo(before.descriptors() + 2);
        assertThat(after.threads()).as("%s, then %s", before, after).isLessThanOrEqualTo(before.threads() + 4);
        assertThat(after.heap()).as("%s, then %s", before, after).isLessThan(before.heap() + 1024);
        assertThat(home().good("shell", "t1", "sh", "-c", sessions).out()).isEqualTo(inGuest);
    }
}
