// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.PortForward;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** The table of rules and listeners, with what the host is to have of each. */
final class RulesTest {
    private static final int SSH_PORT = 60022;

    /**
     * @param rules separated by {@code ;}, see {@link #rule}; empty for none
     * @param listener protocol and address, for example {@code tcp 0.0.0.0:80}
     * @param expected host address, or {@code -} for none
     * @param by the rule that decides
     */
    @ParameterizedTest(name = "{0} | {1}")
    @CsvFileSource(resources = "rules.csv", delimiter = '|', numLinesToSkip = 1)
    void table(String rules, String listener, String expected, String by) {
        Decision decision = new Rules(parse(rules), SSH_PORT).decide(address(listener));
        String host = switch (decision) {
            case Decision.Forwarded yes -> yes.host().toString();
            case Decision.Refused no -> "-";
        };
        assertThat(host).isEqualTo(expected);
        assertThat(decision.rule()).isEqualTo(by.matches("\\d+") ? "portForwards[" + by + "]" : by);
    }

    static GuestAddress address(String text) {
        String[] words = text.strip().split(" ");
        if (words[0].equals("unix")) {
            return GuestAddress.unix(words[1]);
        }
        int colon = words[1].lastIndexOf(':');
        String host = words[1].substring(0, colon).replace("[", "").replace("]", "");
        return new GuestAddress(
                words[0].equals("udp") ? Protocol.UDP : Protocol.TCP,
                host,
                Integer.parseInt(words[1].substring(colon + 1)));
    }

    static List<PortForward> parse(String rules) {
        List<PortForward> all = new ArrayList<>();
        if (rules != null && !rules.isBlank()) {
            for (String rule : rules.split(";")) {
                all.add(rule(rule.strip()));
            }
        }
        return all;
    }

    /** One rule as {@code KEY=VALUE,…} with the defaults that the reader of lima.yaml fills in. */
    static PortForward rule(String text) {
        String guestIP = "";
        Boolean zero = null;
        int[] guest = {1, 65535};
        int[] host = null;
        String guestSocket = null;
        String hostSocket = null;
        String hostIP = "127.0.0.1";
        String proto = "any";
        boolean reverse = false;
        boolean ignore = false;
        boolean fixed = false;
        for (String member : text.split(",")) {
            String[] pair = member.strip().split("=");
            String value = pair.length > 1 ? pair[1] : "";
            switch (pair[0]) {
                case "ip" -> guestIP = value;
                case "zero" -> zero = Boolean.valueOf(value);
                case "guest" -> guest = range(value);
                case "host" -> host = range(value);
                case "guestSocket" -> guestSocket = value;
                case "hostSocket" -> hostSocket = value;
                case "hostIP" -> hostIP = value;
                case "proto" -> proto = value;
                case "reverse" -> reverse = true;
                case "ignore" -> ignore = true;
                case "static" -> fixed = true;
                default -> throw new IllegalArgumentException(member);
            }
        }
        String ip = !guestIP.isEmpty() ? guestIP : Boolean.TRUE.equals(zero) ? "0.0.0.0" : "127.0.0.1";
        boolean mustBeZero = zero == null ? ip.equals("0.0.0.0") : zero;
        int[] hostRange = host != null ? host : hostSocket != null ? new int[] {0, 0} : guest;
        return new PortForward(
                ip,
                mustBeZero,
                guest[0],
                guest[1],
                guestSocket,
                hostIP,
                hostRange[0],
                hostRange[1],
                hostSocket,
                proto,
                reverse,
                ignore,
                fixed);
    }

    private static int[] range(String text) {
        String[] ends = text.split("-");
        return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])};
    }

    @Test
    void socketsAndStaticPortsAreOpenedWithoutAListener() {
        List<FixedForward> fixed = new Rules(
                        parse("guestSocket=/run/a.sock,hostSocket=/tmp/a.sock;"
                                + "guestSocket=/run/b.sock,host=9000-9000,hostIP=0.0.0.0;"
                                + "guestSocket=/run/c.sock,hostSocket=/tmp/c.sock,reverse;"
                                + "guest=80-82,host=8080-8082,static;"
                                + "guest=5432-5432,hostSocket=/tmp/db.sock,static;"
                                + "guest=90-90,ignore,static;"
                                + "guest=1000-2000"),
                        SSH_PORT)
                .fixed();

        assertThat(fixed)
                .extracting(f -> f.rule() + " " + f.host() + (f.reverse() ? " < " : " > ") + f.guest()
                        + (f.isStatic() ? " static" : ""))
                .containsExactly(
                        "portForwards[0] /tmp/a.sock > unix /run/a.sock",
                        "portForwards[1] 0.0.0.0:9000 > unix /run/b.sock",
                        "portForwards[2] /tmp/c.sock < unix /run/c.sock",
                        "portForwards[3] 127.0.0.1:8080 > tcp 127.0.0.1:80 static",
                        "portForwards[3] 127.0.0.1:8081 > tcp 127.0.0.1:81 static",
                        "portForwards[3] 127.0.0.1:8082 > tcp 127.0.0.1:82 static",
                        "portForwards[4] /tmp/db.sock > tcp 127.0.0.1:5432 static");
    }

    @Test
    void oneRuleSwitchesAllOffWithoutAWord() {
        Rules rules = new Rules(parse("ip=0.0.0.0,guest=1-65535,proto=any,ignore"), SSH_PORT);

        for (String listener :
                List.of("tcp 0.0.0.0:80", "tcp [::]:80", "tcp 127.0.0.1:1", "udp 0.0.0.0:65535", "udp 127.0.0.1:53")) {
            assertThat(rules.decide(address(listener)))
                    .as(listener)
                    .isEqualTo(new Decision.Refused("portForwards[0]", "the rule says ignore", true));
        }
        assertThat(rules.isSwitchedOff(Protocol.TCP)).isTrue();
        assertThat(rules.isSwitchedOff(Protocol.UDP)).isTrue();
    }

    @Test
    void aRuleForOneProtocolSwitchesOffThatOne() {
        Rules rules = new Rules(parse("ip=0.0.0.0,proto=udp,ignore;guest=80-80"), SSH_PORT);

        assertThat(rules.isSwitchedOff(Protocol.UDP)).isTrue();
        assertThat(rules.isSwitchedOff(Protocol.TCP)).isFalse();
    }
}
