// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;

/** How large a download would be, asked before it is begun. */
public final class DownloadSize {
    /** Somebody waits for a question to appear: a server that takes longer is not waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final int OK = 200;

    private DownloadSize() {}

    /** Size in bytes; 0 when nothing is to be downloaded, empty when it is not known. */
    public static OptionalLong of(String location, HostEnvironment caller) throws InterruptedException {
        if (!location.startsWith("http://") && !location.startsWith("https://")) {
            return OptionalLong.of(0);
        }
        if (Files.exists(CacheEntry.of(CacheEntry.root(caller), location).data())) {
            return OptionalLong.of(0);
        }
        try (WebClient client = new WebClient(caller, new TrustedRoots(), new Patience(PATIENCE, PATIENCE))) {
            WebClient.Answer answer = client.ask("HEAD", location, Map.of(), PATIENCE);
            answer.body().close();
            String length = answer.header("Content-Length");
            return answer.status() == OK && length.matches("\\d{1,18}")
                    ? OptionalLong.of(Long.parseLong(length))
                    : OptionalLong.empty();
        } catch (LimaException e) {
            // That the server cannot be reached is told when it matters.
            return OptionalLong.empty();
        }
    }
}
