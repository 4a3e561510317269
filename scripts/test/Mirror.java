// SPDX-License-Identifier: Apache-2.0
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Serves the files of a folder on a free port of localhost and prints that port. What is asked for under {@code /cut/}
 * breaks off half-way, and what is asked for under {@code /moved/} is elsewhere.
 */
final class Mirror {
    public static void main(String[] args) throws IOException {
        var folder = Path.of(args[0]);
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var path = exchange.getRequestURI().getPath();
            var name = path.substring(path.lastIndexOf('/') + 1);
            try (exchange) {
                if (path.startsWith("/moved/")) {
                    exchange.getResponseHeaders().set("Location", "/" + name);
                    exchange.sendResponseHeaders(302, -1);
                } else if (!Files.isRegularFile(folder.resolve(name))) {
                    exchange.sendResponseHeaders(404, -1);
                } else {
                    var content = Files.readAllBytes(folder.resolve(name));
                    var sent = path.startsWith("/cut/") ? content.length / 2 : content.length;
                    exchange.sendResponseHeaders(200, content.length);
                    exchange.getResponseBody().write(content, 0, sent);
                }
            }
        });
        server.start();
        System.out.println(server.getAddress().getPort());
    }
}
