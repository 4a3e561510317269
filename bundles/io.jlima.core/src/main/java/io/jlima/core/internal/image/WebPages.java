// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.WebTexts;
import io.jlima.core.internal.image.WebClient.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Fetches templates, which are small and always asked for anew. Thread-safe. */
@Component(service = WebTexts.class)
public final class WebPages implements WebTexts {
    private final TrustedRoots roots = new TrustedRoots();
    private final Patience patience;

    @Activate
    public WebPages() {
        this(Patience.DEFAULT);
    }

    WebPages(Patience patience) {
        this.patience = patience;
    }

    @Override
    public String fetch(URI location, Map<String, String> headers, int longest, HostEnvironment caller) {
        try (WebClient client = new WebClient(caller, roots, patience)) {
            Answer answer = client.ask("GET", location.toString(), headers, patience.silence());
            try (BodyReader body = answer.body()) {
                if (answer.status() / 100 != 2) {
                    throw new LimaException(
                            location.getHost() + " answered with status " + answer.status(),
                            answer.status() == 404
                                    ? "nothing is at this address; check its spelling"
                                    : "open the address in a browser to see why");
                }
                return text(body, longest);
            }
        } catch (IOException e) {
            throw new LimaException("the answer of " + location.getHost() + " broke off", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("interrupted while fetching " + location);
        }
    }

    private static String text(BodyReader body, int longest) throws IOException, InterruptedException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (@Nullable List<ByteBuffer> pieces = body.next(); pieces != null; pieces = body.next()) {
            for (ByteBuffer piece : pieces) {
                byte[] part = new byte[piece.remaining()];
                piece.get(part);
                bytes.writeBytes(part);
                if (bytes.size() > longest) {
                    throw new LimaException(
                            "it is longer than " + longest + " bytes", "a template is text, not a disk image");
                }
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new LimaException("it is not text in UTF-8", null, "a template is text in UTF-8", e);
        }
    }
}
