// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.guest.PortForwards.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of one guest. All is done by one thread, in the order of what happened, so that a port that closes and
 * opens within a moment ends up open.
 */
final class GuestPorts implements Attachment, AgentSession.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(GuestPorts.class);

    /** How long a start waits for the agent's first word, which not every guest has to say. */
    private static final long FIRST_WORD_SECONDS = 5;

    /** An address that a stranger holds has to be tried; one that another instance gives up is heard of. */
    private static final long RETRY_MILLIS = 1000;

    private final Guest guest;
    private final Rules rules;
    private final HostSide hosts;
    private final ScheduledExecutorService work;
    private final Map<GuestAddress, Decision> listeners = new LinkedHashMap<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final List<AutoCloseable> watches = new ArrayList<>();
    private final List<FixedForward> fixed;
    private boolean heardOfAgent;
    private boolean socketsOpen;
    private boolean retrying;

    GuestPorts(Guest guest, Transports transports, HostClaims claims, String title) {
        this.guest = guest;
        this.rules = new Rules(guest.config().portForwards(), guest.sshPort());
        this.fixed = rules.fixed();
        this.hosts = new HostSide(guest, transports, claims, title);
        this.work = Executors.newSingleThreadScheduledExecutor(
                Thread.ofVirtual().name("ports of " + guest.name()).factory());
        watches.add(claims.onFree(host -> later(this::retry)));
    }

    /** Begins; returns at once. */
    GuestPorts begin() {
        guest.agent().ifPresent(agent -> watches.add(agent.watch(this)));
        guest.up().thenRun(() -> later(this::guestIsUp));
        return this;
    }

    private void later(Runnable task) {
        try {
            work.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException | LinkageError e) {
                    LOG.error("{}: ports", guest.name(), e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: too late", guest.name());
        }
    }

    private void guestIsUp() {
        fixed.stream().filter(FixedForward::isStatic).forEach(this::claim);
        if (guest.agent().isEmpty()) {
            settle();
        } else {
            work.schedule(this::settle, FIRST_WORD_SECONDS, TimeUnit.SECONDS);
            settleIfHeard();
        }
    }

    private void settleIfHeard() {
        if (heardOfAgent && guest.up().toCompletableFuture().isDone()) {
            settle();
        }
    }

    /** All that can be known at the start is known: opens the rest, and clears away what nobody wants any more. */
    private void settle() {
        if (socketsOpen) {
            return;
        }
        socketsOpen = true;
        fixed.stream().filter(f -> !f.isStatic()).forEach(this::claim);
        if (heardOfAgent || guest.agent().isEmpty()) {
            hosts.tidy();
        }
        ready.complete(null);
        retryLater();
    }

    private void claim(FixedForward forward) {
        hosts.claim(forward.host(), forward.reverse(), forward.guest(), forward.rule());
        retryLater();
    }

    @Override
    public void connected(List<GuestAddress> listening) {
        later(() -> {
            Set<GuestAddress> now = new LinkedHashSet<>(listening);
            for (GuestAddress old : List.copyOf(listeners.keySet())) {
                if (!now.contains(old)) {
                    forget(old);
                }
            }
            now.forEach(this::learn);
            boolean first = !heardOfAgent;
            heardOfAgent = true;
            settleIfHeard();
            if (first && socketsOpen) {
                hosts.tidy();
            }
        });
    }

    @Override
    public void opened(GuestAddress address) {
        later(() -> learn(address));
    }

    @Override
    public void closed(GuestAddress address) {
        later(() -> forget(address));
    }

    private void learn(GuestAddress address) {
        if (address.protocol() == Protocol.UNIX || listeners.containsKey(address)) {
            return;
        }
        Decision decision = rules.decide(address);
        listeners.put(address, decision);
        switch (decision) {
            case Decision.Forwarded yes -> hosts.claim(yes.host(), false, address, yes.rule());
            case Decision.Refused no -> {
                if (!no.silent()) {
                    PortEvent.send(guest, PortEvent.NOT_FORWARDING, address, null, null);
                }
            }
        }
        retryLater();
    }

    private void forget(GuestAddress address) {
        if (listeners.remove(address) instanceof Decision.Forwarded yes) {
            hosts.giveUp(yes.host(), address);
        }
    }

    /** A transport has come, or an address has become free. */
    void again() {
        later(this::retry);
    }

    /** A transport goes: what it carries is opened anew by another one. */
    void lost(String transport) {
        later(() -> {
            hosts.lose(transport);
            retryLater();
        });
    }

    private void retry() {
        hosts.retry();
        retryLater();
    }

    private void retryLater() {
        if (!retrying && hosts.hasFailed()) {
            retrying = true;
            work.schedule(
                    () -> {
                        retrying = false;
                        retry();
                    },
                    RETRY_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    /** What has become of everything, by the guest's side. */
    List<Entry> list() throws InterruptedException {
        Future<List<Entry>> answer = work.submit(() -> {
            List<Entry> all = new ArrayList<>(hosts.entries());
            listeners.forEach((address, decision) -> {
                if (decision instanceof Decision.Refused no) {
                    all.add(new Entry(
                            address, no.rule(), State.REFUSED, null, false, null, OptionalLong.empty(), no.reason()));
                }
            });
            return all;
        });
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Why nothing is known of listeners; null when it is. */
    @Nullable
    String blindness() {
        if (guest.config().plain()) {
            return "in plain mode there are static forwards only";
        }
        return guest.agent().filter(AgentSession::isConnected).isPresent()
                ? null
                : "the guest's agent is not there, so nobody tells what listens in the guest";
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    @Override
    public void close() {
        for (AutoCloseable watch : watches) {
            try {
                watch.close();
            } catch (Exception e) {
                LOG.debug("{}: a watch does not end", guest.name(), e);
            }
        }
        try {
            work.submit(hosts::release);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: closed twice", guest.name());
        }
        work.shutdown();
    }
}
