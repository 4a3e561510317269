// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.session.ClientSession;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Keys and connections on Apache MINA SSHD. All connections end with the service. */
@Component
public final class SshdConnector implements SshConnector {
    private final GuestClient client = new GuestClient();
    private final Duration keepAlive;

    @Activate
    public SshdConnector() {
        this(KeepAlive.INTERVAL);
    }

    /** @param keepAlive time between two questions for a sign of life */
    SshdConnector(Duration keepAlive) {
        this.keepAlive = keepAlive;
    }

    @Deactivate
    void stop() {
        client.stop();
    }

    @Override
    public String userKey(Path configDirectory) throws IOException {
        return new UserKey(configDirectory).publicLine();
    }

    @Override
    public HostKey newHostKey(String comment) {
        OpenSshKey key = OpenSshKey.generate(comment);
        return new HostKey(key.privateText(), key.publicLine());
    }

    @Override
    public void awaitBanner(String host, int port, Duration timeout) throws InterruptedException {
        new BannerWatch(host, port).await(timeout);
    }

    @Override
    public void awaitBanner(String host, int port, Duration timeout, List<? extends CompletionStage<?>> hints)
            throws InterruptedException {
        BannerWatch watch = new BannerWatch(host, port);
        if (!hints.isEmpty()) {
            watch.expectWord();
        }
        hints.forEach(hint -> hint.thenRun(watch::encourage));
        watch.await(timeout);
    }

    @Override
    public SshConnection connect(Target target, Duration timeout) throws InterruptedException {
        SshClient running = client.get();
        ClientSession session = new Login(running, target).session(timeout);
        KeepAlive.start(session, keepAlive);
        return new KeptConnection(session, target.host() + ":" + target.port());
    }
}
