// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A part of a template, and of an expression in it. */
sealed interface Node {
    record Text(String text) implements Node {}

    /** {@code {{pipeline}}}, or with a variable {@code {{$x := pipeline}}}, which prints nothing. */
    record Action(Expression value) implements Node {}

    record If(Expression condition, List<Node> then, List<Node> otherwise) implements Node {}

    record With(Expression value, List<Node> then, List<Node> otherwise) implements Node {}

    /** @param index variable of index or key, null for none; {@code element} likewise */
    record Range(
            @Nullable String index, @Nullable String element, Expression over, List<Node> body, List<Node> otherwise)
            implements Node {}

    /** @param goOn whether it is {@code continue} */
    record Leave(boolean goOn) implements Node {}

    /** What has a value. */
    sealed interface Expression {}

    record Literal(@Nullable Object value) implements Expression {}

    /** {@code .a.b}; no names for the dot itself. */
    record Field(List<String> names) implements Expression {}

    /** {@code $x.a.b}; {@code $} has the empty name. */
    record Variable(String name, List<String> names) implements Expression {}

    /** {@code (pipeline).a.b}. */
    record Nested(Expression inner, List<String> names) implements Expression {}

    record Call(String function, List<Expression> arguments) implements Expression {}

    /** {@code a | b | c}: the value of each is the last argument of the next. */
    record Pipeline(List<Expression> stages) implements Expression {}

    /** {@code $x := pipeline}. */
    record Assignment(String name, boolean declares, Expression value) implements Expression {}
}
