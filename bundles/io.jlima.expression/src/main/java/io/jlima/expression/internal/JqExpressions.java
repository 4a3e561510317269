// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.jlima.api.LimaException;
import io.jlima.api.config.Expressions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import net.thisptr.jackson.jq.JsonQuery;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.exception.JsonQueryException;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/** Evaluates yq's expressions by jackson-jq. Thread-safe. */
@Component(service = Expressions.class)
public final class JqExpressions implements Expressions {
    /** No expression that somebody writes is longer. */
    private static final int LONGEST = 16 * 1024;

    /**
     * Each pipe and each sum is some calls deeper than the one before: enough for hundreds of them, whoever asks and on
     * whatever thread.
     */
    private static final long STACK = 32L << 20;

    private static final String HELP = "see limactl help yq-restrictions for what expressions can do";

    /** Made when the first expression comes: most calls of limactl have none. */
    private static final class Known {
        static final Scope SCOPE = Builtins.load();
    }

    private final Watch.Limits limits;

    public JqExpressions() {
        this(Watch.Limits.USUAL);
    }

    JqExpressions(Watch.Limits limits) {
        this.limits = limits;
    }

    @Override
    public List<@Nullable Object> evaluate(String expression, @Nullable Object tree) {
        if (expression.isBlank()) {
            throw new LimaException("an expression is empty", "for example: .cpus = 4");
        }
        if (expression.length() > LONGEST) {
            throw new LimaException("an expression is longer than " + LONGEST / 1024 + " KiB");
        }
        FutureTask<List<@Nullable Object>> task = new FutureTask<>(() -> guarded(expression, tree));
        Thread.ofPlatform().name("expression").daemon().stackSize(STACK).start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LimaException refused) {
                throw refused;
            }
            throw new IllegalStateException("the expression cannot be used: " + shortened(expression), e.getCause());
        } catch (InterruptedException e) {
            // What it makes is small and soon done; nobody waits for it any more.
            Thread.currentThread().interrupt();
            throw new LimaException("the expression was given up: " + shortened(expression));
        }
    }

    private List<@Nullable Object> guarded(String expression, @Nullable Object tree) {
        try {
            return run(expression, tree);
        } catch (JsonQueryException e) {
            throw new LimaException("the expression does not fit: " + shortened(expression), words(e), HELP, e);
        } catch (StackOverflowError e) {
            throw new LimaException("the expression is nested too deeply: " + shortened(expression));
        } catch (LimaException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            // Errors of the library's scanner and slips of its functions: they concern this expression only.
            if (e instanceof VirtualMachineError) {
                throw e;
            }
            throw new LimaException("the expression cannot be used: " + shortened(expression), words(e), HELP, e);
        }
    }

    private List<@Nullable Object> run(String expression, @Nullable Object tree) throws JsonQueryException {
        JsonQuery jq = JsonQuery.compile(Dialect.translate(expression), Builtins.VERSION);
        JsonQuery query = JsonQuery.compile(Canonical.translate(jq.toString()), Builtins.VERSION);
        JsonNode in = Trees.node(tree);
        // Reading the definitions is nothing that this expression has to answer for.
        Scope known = Known.SCOPE;
        Watch watch = new Watch(limits);
        return ScopedValue.where(Watch.CURRENT, watch).call(() -> results(query, known, in, watch));
    }

    private static List<@Nullable Object> results(JsonQuery query, Scope known, JsonNode in, Watch watch)
            throws JsonQueryException {
        List<JsonNode> results = new ArrayList<>();
        query.apply(known, in, result -> {
            watch.result(result);
            results.add(result);
        });
        List<@Nullable Object> plain = new ArrayList<>();
        results.forEach(result -> plain.add(Trees.plain(result)));
        return plain;
    }

    private static String shortened(String expression) {
        return expression.length() <= 200 ? expression : expression.substring(0, 200) + "…";
    }

    /** The words that matter: of a text that it cannot read, the library tells where only in the cause. */
    private static String words(Throwable e) {
        Throwable cause = e.getCause();
        String message =
                String.valueOf(cause != null && cause.getMessage() != null ? cause.getMessage() : e.getMessage());
        return shortened(message.lines().findFirst().orElse(""));
    }
}
