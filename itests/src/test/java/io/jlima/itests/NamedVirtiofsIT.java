// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.junit.jupiter.api.Assumptions.abort;

/** The same with the virtiofsd that is named: for test.sh the one in Rust, where Debian 12 has the other. */
class NamedVirtiofsIT extends VirtiofsIT {
    private static final String VARIABLE = "JLIMA_TEST_VIRTIOFSD";

    @Override
    void choose(Home home) {
        String program = System.getenv(VARIABLE);
        if (program == null || program.isBlank()) {
            abort(VARIABLE + " names no other virtiofsd");
        }
        home.with("VIRTIOFSD", program);
    }
}
