// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.time.Duration;
import java.util.List;
import org.apache.sshd.client.ClientBuilder;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.global.OpenSshHostKeysHandler;
import org.apache.sshd.client.kex.DHGClient;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.channel.RequestHandler;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.compression.BuiltinCompressions;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.global.KeepAliveHandler;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.kex.BuiltinDHFactories;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.mac.BuiltinMacs;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.core.CoreModuleProperties;
import org.jspecify.annotations.Nullable;

/**
 * SSHD's client as guests need it, built when it is first wanted: its classes take longer to load than all of a
 * command that needs no guest.
 *
 * <p>Nothing is read from {@code ~/.ssh}. A guest may stand still for as long as it likes (a paused machine, a full
 * host disk), therefore none of SSHD's own time limits on an established connection is in force.
 */
final class GuestClient {
    /** What a command may send before its reader takes some of it; the most memory that a command's output takes. */
    static final long WINDOW = 1024 * 1024;

    /** One for each core that a laptop can spare; the work is deciphering. */
    private static final int WORKERS = 2;

    private static final Duration FOR_EVER = Duration.ofDays(3650);

    private @Nullable SshClient client;
    private boolean stopped;

    /**
     * The running client.
     *
     * @throws IllegalStateException when it has been stopped
     */
    synchronized SshClient get() {
        if (stopped) {
            throw new IllegalStateException("The ssh service has been stopped");
        }
        SshClient running = client;
        if (running == null) {
            running = build();
            running.start();
            client = running;
        }
        return running;
    }

    /** Ends the client and with it all connections; it cannot be started again. */
    synchronized void stop() {
        stopped = true;
        SshClient running = client;
        client = null;
        if (running != null) {
            running.stop();
        }
    }

    /** Channels that a guest may open; nothing but connections to sockets that it was asked to listen at. */
    private static final class FromGuest implements ChannelFactory {
        @Override
        public String getName() {
            return StreamChannel.FROM_GUEST;
        }

        @Override
        public Channel createChannel(Session session) {
            return StreamChannel.fromGuest();
        }
    }

    private static SshClient build() {
        JdkSecurity.register();
        SshClient client = ClientBuilder.builder()
                // What every sshd since OpenSSH 6.5 has, cheapest first; the rest is not even loaded.
                .keyExchangeFactories(List.of(
                        DHGClient.newFactory(BuiltinDHFactories.curve25519),
                        DHGClient.newFactory(BuiltinDHFactories.curve25519_libssh),
                        DHGClient.newFactory(BuiltinDHFactories.ecdhp256)))
                // The daemon runs without the optimising compiler, and so without Java's use of AES instructions; an
                // emulated guest has no fast ones either. There ChaCha20 moves about three times as much.
                .cipherFactories(List.of(
                        BuiltinCiphers.cc20p1305_openssh,
                        BuiltinCiphers.aes128gcm,
                        BuiltinCiphers.aes256gcm,
                        BuiltinCiphers.aes128ctr))
                .macFactories(List.of(BuiltinMacs.hmacsha256etm, BuiltinMacs.hmacsha256))
                .compressionFactories(List.of(BuiltinCompressions.none))
                .signatureFactories(List.of(
                        BuiltinSignatures.ed25519,
                        BuiltinSignatures.nistp256,
                        BuiltinSignatures.nistp384,
                        BuiltinSignatures.nistp521,
                        BuiltinSignatures.rsaSHA512,
                        BuiltinSignatures.rsaSHA256))
                .channelFactories(List.of(new FromGuest()))
                .globalRequestHandlers(List.<RequestHandler<ConnectionService>>of(
                        OpenSshHostKeysHandler.INSTANCE, KeepAliveHandler.INSTANCE))
                .hostConfigEntryResolver(HostConfigEntryResolver.EMPTY)
                .filePasswordProvider(FilePasswordProvider.EMPTY)
                .serverKeyVerifier(new HostIdentity.Verifier())
                .build();
        client.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
        client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
        client.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        client.addSessionListener(new HostIdentity.Preference());
        CoreModuleProperties.NIO_WORKERS.set(client, WORKERS);
        CoreModuleProperties.TCP_NODELAY.set(client, true);
        CoreModuleProperties.WINDOW_SIZE.set(client, WINDOW);
        // A command that could not be started must not look like one that runs.
        CoreModuleProperties.REQUEST_EXEC_REPLY.set(client, true);
        CoreModuleProperties.AUTH_TIMEOUT.set(client, Duration.ZERO);
        CoreModuleProperties.IDLE_TIMEOUT.set(client, Duration.ZERO);
        CoreModuleProperties.NIO2_READ_TIMEOUT.set(client, Duration.ZERO);
        CoreModuleProperties.NIO2_MIN_WRITE_TIMEOUT.set(client, FOR_EVER);
        CoreModuleProperties.WAIT_FOR_SPACE_TIMEOUT.set(client, FOR_EVER);
        CoreModuleProperties.CHANNEL_CLOSE_TIMEOUT.set(client, FOR_EVER);
        // As OpenSSH: new keys after so much data, not after so much time.
        CoreModuleProperties.REKEY_TIME_LIMIT.set(client, Duration.ZERO);
        CoreModuleProperties.STOP_WAIT_TIME.set(client, Duration.ofSeconds(5));
        return client;
    }
}
