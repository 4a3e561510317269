// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.config;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.net.URI;
import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/** Brings texts from the web. Thread-safe. */
@ConsumerType
public interface WebTexts {
    /**
     * What a web server has at a location.
     *
     * @param location {@code http:} or {@code https:}
     * @param headers sent with the request; not to other hosts that it is redirected to
     * @param longest bytes that are read at most; a longer text is refused
     * @param caller whose proxies and certificates count
     * @return the body of a successful answer, decoded as UTF-8
     * @throws LimaException when there is no such answer, saying why
     */
    String fetch(URI location, Map<String, String> headers, int longest, HostEnvironment caller);
}
