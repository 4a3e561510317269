// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import io.jlima.cli.internal.template.Node.Expression;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Evaluates a template once. */
final class Evaluator {
    private final Map<String, @Nullable Object> root;
    private final Object whole;
    private final StringBuilder output = new StringBuilder();
    private final Deque<Map<String, @Nullable Object>> scopes = new ArrayDeque<>();

    /** What ends a loop, or one round of it. */
    private static final class Left extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final boolean goOn;

        Left(boolean goOn) {
            super(null, null, false, false);
            this.goOn = goOn;
        }
    }

    Evaluator(Map<String, @Nullable Object> root, Object whole) {
        this.root = root;
        this.whole = whole;
    }

    String run(List<Node> nodes) {
        scoped(() -> {
            scopes.element().put("", root);
            block(nodes, root);
        });
        return output.toString();
    }

    private void scoped(Runnable work) {
        scopes.push(new HashMap<>());
        try {
            work.run();
        } finally {
            scopes.pop();
        }
    }

    private void block(List<Node> nodes, @Nullable Object dot) {
        for (Node node : nodes) {
            switch (node) {
                case Node.Text text -> output.append(text.text());
                case Node.Action action -> {
                    Object value = value(action.value(), dot);
                    if (!(action.value() instanceof Node.Assignment)) {
                        output.append(Values.printed(value));
                    }
                }
                case Node.If branch ->
                    scoped(() -> block(
                            Values.isTrue(value(branch.condition(), dot)) ? branch.then() : branch.otherwise(), dot));
                case Node.With with ->
                    scoped(() -> {
                        Object value = value(with.value(), dot);
                        if (Values.isTrue(value)) {
                            block(with.then(), value);
                        } else {
                            block(with.otherwise(), dot);
                        }
                    });
                case Node.Range range -> range(range, dot);
                case Node.Leave leave -> throw new Left(leave.goOn());
            }
        }
    }

    private void range(Node.Range range, @Nullable Object dot) {
        Object over = value(range.over(), dot);
        List<@Nullable Object> keys = new ArrayList<>();
        List<@Nullable Object> elements = new ArrayList<>();
        switch (over) {
            case null -> {
                // nothing to go through
            }
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .sorted(java.util.Comparator.comparing(e -> String.valueOf(e.getKey())))
                        .forEach(e -> {
                            keys.add(e.getKey());
                            elements.add(e.getValue());
                        });
            case List<?> list -> {
                LongStream.range(0, list.size()).forEach(keys::add);
                elements.addAll(list);
            }
            case Long number -> {
                LongStream.range(0, number).forEach(keys::add);
                elements.addAll(keys);
            }
            default -> throw new TemplateFault("range can't iterate over " + Values.printed(over));
        }
        if (elements.isEmpty()) {
            scoped(() -> block(range.otherwise(), dot));
        }
        for (int i = 0; i < elements.size(); i++) {
            Object key = keys.get(i);
            Object element = elements.get(i);
            try {
                scoped(() -> {
                    if (range.index() != null) {
                        scopes.element().put(range.index(), key);
                    }
                    if (range.element() != null) {
                        scopes.element().put(range.element(), element);
                    }
                    block(range.body(), element);
                });
            } catch (Left left) {
                if (!left.goOn) {
                    return;
                }
            }
        }
    }

    private @Nullable Object value(Expression expression, @Nullable Object dot) {
        return switch (expression) {
            case Node.Literal literal -> literal.value();
            case Node.Field field -> fields(dot, field.names());
            case Node.Variable variable -> fields(variable(variable.name()), variable.names());
            case Node.Nested nested -> fields(value(nested.inner(), dot), nested.names());
            case Node.Call call -> call(call, dot, List.of());
            case Node.Pipeline pipeline -> pipeline(pipeline, dot);
            case Node.Assignment assignment -> {
                Object value = value(assignment.value(), dot);
                scope(assignment).put(assignment.name(), value);
                yield value;
            }
        };
    }

    private Map<String, @Nullable Object> scope(Node.Assignment assignment) {
        if (assignment.declares()) {
            return scopes.element();
        }
        return scopes.stream()
                .filter(s -> s.containsKey(assignment.name()))
                .findFirst()
                .orElseThrow(() -> new TemplateFault("undefined variable \"$" + assignment.name() + "\""));
    }

    private @Nullable Object variable(String name) {
        for (Map<String, @Nullable Object> scope : scopes) {
            if (scope.containsKey(name)) {
                return scope.get(name);
            }
        }
        throw new TemplateFault("undefined variable \"$" + name + "\"");
    }

    private @Nullable Object pipeline(Node.Pipeline pipeline, @Nullable Object dot) {
        Object value = value(pipeline.stages().getFirst(), dot);
        for (Expression stage : pipeline.stages().subList(1, pipeline.stages().size())) {
            if (!(stage instanceof Node.Call call)) {
                throw new TemplateFault("can't give argument to non-function in a pipeline");
            }
            List<@Nullable Object> last = new ArrayList<>();
            last.add(value);
            value = call(call, dot, last);
        }
        return value;
    }

    private @Nullable Object call(Node.Call call, @Nullable Object dot, List<@Nullable Object> last) {
        List<@Nullable Object> arguments = new ArrayList<>();
        // As in Go, `and` and `or` look no further than they must; values have no side effects, so nobody can tell.
        call.arguments().forEach(a -> arguments.add(value(a, dot)));
        arguments.addAll(last);
        if (call.function().equals("json") || call.function().equals("yaml")) {
            arguments.replaceAll(a -> a == root ? whole : a);
        }
        return Functions.call(call.function(), arguments);
    }

    private @Nullable Object fields(@Nullable Object from, List<String> names) {
        Object value = from;
        for (String name : names) {
            if (value == null) {
                throw new TemplateFault("nil pointer evaluating ." + name);
            }
            if (!(value instanceof Map<?, ?> map)) {
                throw new TemplateFault("can't evaluate field " + name + " in a single value");
            }
            value = field(map, name);
        }
        return value;
    }

    /** By its name; of what lima.yaml writes with a small letter, Go's name has a capital one. */
    private @Nullable Object field(Map<?, ?> map, String name) {
        if (map.containsKey(name)) {
            return map.get(name);
        }
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (map != root && String.valueOf(entry.getKey()).equalsIgnoreCase(name)) {
                return entry.getValue();
            }
        }
        if (map == root) {
            throw new TemplateFault("can't evaluate field " + name);
        }
        return null;
    }
}
