// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers a guest's questions as its host would: from {@code hostResolver.hosts}, from the host's own hosts file, and by
 * the host's name servers. Questions of any type are passed on as they are. Thread-safe.
 */
final class Resolver {
    /** Seconds that addresses of ours may be remembered; Lima's value. */
    private static final long OWN_TTL = 5;

    /** Questions that wait for name servers at a time; further ones are told to come again. */
    private static final int MOST_WAITING = 1024;

    private final Hosts own;
    private final boolean ipv6;
    private final Supplier<Hosts> hostsFile;
    private final Supplier<ResolvConf> configuration;
    private final BiFunction<Message, List<InetSocketAddress>, Optional<Message>> upstream;
    private final Cache cache;
    private final Semaphore waiting = new Semaphore(MOST_WAITING);
    private final Map<Cache.Key, CompletableFuture<Optional<Message>>> asked = new ConcurrentHashMap<>();
    private volatile @Nullable ResolvConf servedBy;

    /**
     * @param own names of {@code hostResolver.hosts} and those that Lima gives each guest
     * @param ipv6 whether questions for IPv6 addresses are passed on; else there are none
     * @param hostsFile the host's own
     * @param configuration of the host's resolver, as it is now
     * @param upstream blocks until a name server has answered; empty when none does
     */
    Resolver(
            Hosts own,
            boolean ipv6,
            Supplier<Hosts> hostsFile,
            Supplier<ResolvConf> configuration,
            BiFunction<Message, List<InetSocketAddress>, Optional<Message>> upstream,
            Cache cache) {
        this.own = own;
        this.ipv6 = ipv6;
        this.hostsFile = hostsFile;
        this.configuration = configuration;
        this.upstream = upstream;
        this.cache = cache;
    }

    /**
     * Answers; blocks while name servers are asked.
     *
     * @param datagram whether the answer has to fit into a datagram of the size that the question allows
     * @return the answer; null for what deserves none
     */
    byte @Nullable [] answer(byte[] bytes, boolean datagram) {
        Message query;
        try {
            query = Message.parse(bytes);
        } catch (MalformedMessage e) {
            boolean question = bytes.length >= Message.HEADER && (bytes[2] & 0x80) == 0;
            return question ? Reply.formatError(bytes) : null;
        }
        if (query.isResponse()) {
            return null;
        }
        if (query.opcode() != 0) {
            return Reply.of(query, Message.NOT_IMPLEMENTED, List.of());
        }
        byte[] reply = resolve(query);
        return datagram && reply.length > query.datagramLimit() ? truncated(reply, query) : reply;
    }

    private static byte[] truncated(byte[] reply, Message query) {
        try {
            return Message.parse(reply).truncated(query.id());
        } catch (MalformedMessage e) {
            return Reply.of(query, Message.SERVER_FAILURE, List.of());
        }
    }

    private byte[] resolve(Message query) {
        if (query.questionClass() == Message.IN) {
            byte[] known = known(query);
            if (known != null) {
                return known;
            }
        }
        return ask(query).map(answer -> asAsked(answer, query)).orElseGet(() -> failed(query));
    }

    /** With the id of the question and its name letter by letter: some look whether an answer has their capitals. */
    private static byte[] asAsked(Message answer, Message query) {
        byte[] reply = answer.withId(query.id());
        if (answer.questionEnd() == query.questionEnd()) {
            System.arraycopy(
                    query.bytes(), Message.HEADER, reply, Message.HEADER, query.questionEnd() - Message.HEADER);
        }
        return reply;
    }

    private static byte[] failed(Message query) {
        return Reply.of(query, Message.SERVER_FAILURE, List.of());
    }

    /** What can be answered from the tables of names; null for the rest. */
    private byte @Nullable [] known(Message query) {
        Hosts file = hostsFile.get();
        if (query.type() == Message.PTR) {
            String name = own.nameOf(query.name());
            name = name.isEmpty() ? file.nameOf(query.name()) : name;
            return name.isEmpty()
                    ? null
                    : Reply.of(query, 0, List.of(new Reply.Data(Message.PTR, OWN_TTL, Reply.name(name))));
        }
        String target = own.follow(query.name());
        for (Hosts hosts : List.of(own, file)) {
            if (hosts.knows(target)) {
                return Reply.of(query, 0, addresses(hosts.addresses(target), query.type()));
            }
        }
        if (!target.equals(query.name())) {
            return alias(query, target);
        }
        if (query.type() == Message.AAAA && !ipv6) {
            return Reply.of(query, 0, List.of());
        }
        return isAboutAddresses(query.type())
                        && dots(query.name()) < configuration.get().ndots()
                ? searched(query)
                : null;
    }

    private static boolean isAboutAddresses(int type) {
        return type == Message.A || type == Message.AAAA;
    }

    private static long dots(String name) {
        return name.chars().filter(c -> c == '.').count();
    }

    private static List<Reply.Data> addresses(List<InetAddress> all, int type) {
        List<Reply.Data> records = new ArrayList<>();
        for (InetAddress address : all) {
            int its = address instanceof Inet4Address ? Message.A : Message.AAAA;
            if (its == type) {
                records.add(new Reply.Data(its, OWN_TTL, address.getAddress()));
            }
        }
        return records;
    }

    /** A name that stands for another one, which the name servers know. */
    private byte[] alias(Message query, String target) {
        if (query.type() == Message.AAAA && !ipv6) {
            return Reply.of(query, 0, List.of());
        }
        Message other = about(query, target);
        Optional<Message> answer = other == null ? Optional.empty() : ask(other);
        if (answer.isEmpty()) {
            return failed(query);
        }
        return Reply.of(query, answer.get().code(), renamed(answer.get(), query.type()));
    }

    /** The records of a type, as if they were about the name asked for. */
    private static List<Reply.Data> renamed(Message answer, int type) {
        List<Reply.Data> records = new ArrayList<>();
        for (Message.Section record : answer.records()) {
            // Only addresses hold no name, which could point elsewhere into the message.
            if (record.place() == Message.Place.ANSWER && record.type() == type && isAboutAddresses(type)) {
                byte[] data = java.util.Arrays.copyOfRange(
                        answer.bytes(), record.dataAt(), record.dataAt() + record.dataLength());
                records.add(new Reply.Data(type, Math.min(OWN_TTL, Message.u32(answer.bytes(), record.ttlAt())), data));
            }
        }
        return records;
    }

    /** A short name, tried in each of the host's search domains; null when none has it. */
    private byte @Nullable [] searched(Message query) {
        for (String domain : configuration.get().search()) {
            Message full = about(query, query.name() + "." + domain);
            Message answer = full == null ? null : ask(full).orElse(null);
            if (answer != null && answer.code() == Message.NO_ERROR) {
                List<Reply.Data> records = renamed(answer, query.type());
                if (!records.isEmpty()) {
                    return Reply.of(query, 0, records);
                }
            }
        }
        return null;
    }

    /** The same question about another name; null when that is none. */
    private static @Nullable Message about(Message query, String name) {
        byte[] encoded = Reply.name(name);
        byte[] bytes = new byte[Message.HEADER + encoded.length + 4];
        System.arraycopy(query.bytes(), 0, bytes, 0, Message.HEADER);
        Message.put32(bytes, 6, 0);
        Message.put16(bytes, 10, 0);
        System.arraycopy(encoded, 0, bytes, Message.HEADER, encoded.length);
        Message.put16(bytes, bytes.length - 4, query.type());
        Message.put16(bytes, bytes.length - 2, query.questionClass());
        try {
            return Message.parse(bytes);
        } catch (MalformedMessage e) {
            return null;
        }
    }

    /** From the cache, or from a name server; who asks the same at the same time gets the same answer. */
    private Optional<Message> ask(Message query) {
        ResolvConf now = configuration.get();
        if (!now.equals(servedBy)) {
            // Other servers, other answers: a VPN has come or gone.
            servedBy = now;
            cache.clear();
        }
        Optional<Message> found = cache.find(query);
        if (found.isPresent()) {
            return found;
        }
        CompletableFuture<Optional<Message>> mine = new CompletableFuture<>();
        CompletableFuture<Optional<Message>> other = asked.putIfAbsent(Cache.Key.of(query), mine);
        if (other != null) {
            return other.join();
        }
        Optional<Message> answer = cache.find(query);
        try {
            // The answer may have come between the first look and the reservation.
            if (answer.isEmpty() && waiting.tryAcquire()) {
                try {
                    answer = upstream.apply(query, now.servers());
                    answer.ifPresent(a -> cache.keep(query, a));
                } finally {
                    waiting.release();
                }
            }
            return answer;
        } finally {
            asked.remove(Cache.Key.of(query), mine);
            mine.complete(answer);
        }
    }
}
