// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.config.internal.yaml.Node.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * What a scalar without quotes means in YAML 1.2: the core schema, section 10.3.2 of the specification. In one thing
 * this follows Lima's parser, which the files were written for: digits after a zero are octal, as in YAML 1.1.
 */
public final class CoreSchema extends Resolver {
    private static final Pattern NULL_WORD = Pattern.compile("null|Null|NULL|~|");
    private static final Pattern BOOL_WORD = Pattern.compile("true|True|TRUE|false|False|FALSE");
    private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+");
    private static final Pattern OLD_OCTAL = Pattern.compile("[-+]?0[0-7]+");
    private static final Pattern ZERO_BEFORE = Pattern.compile("[-+]?0[0-9]+");
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
    private static final Pattern NOT_FINITE = Pattern.compile("[-+]?(\\.inf|\\.Inf|\\.INF)|\\.nan|\\.NaN|\\.NAN");

    /** Longer runs of digits are no number that a field could hold; they are kept as text. */
    private static final int LONGEST_NUMBER = 64;

    private static final Map<Kind, Tag> TAGS = Map.of(
            Kind.NULL, Tag.NULL, Kind.BOOL, Tag.BOOL, Kind.INT, Tag.INT, Kind.FLOAT, Tag.FLOAT, Kind.TEXT, Tag.STR);

    @Override
    protected void addImplicitResolvers() {
        // The tables of the superclass are those of YAML 1.1; resolve() below does not consult them.
    }

    @Override
    public Tag resolve(NodeId kind, String value, boolean implicit) {
        return switch (kind) {
            case scalar -> implicit ? tag(kindOf(value)) : Tag.STR;
            case sequence -> Tag.SEQ;
            default -> Tag.MAP;
        };
    }

    static Tag tag(Kind kind) {
        return TAGS.getOrDefault(kind, Tag.STR);
    }

    /** The kind that a tag stands for; empty for tags of other things. */
    static Optional<Kind> kindOf(Tag tag) {
        return TAGS.entrySet().stream()
                .filter(e -> e.getValue().equals(tag))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    static Kind kindOf(String plain) {
        if (plain.length() > LONGEST_NUMBER) {
            return Kind.TEXT;
        }
        if (NULL_WORD.matcher(plain).matches()) {
            return Kind.NULL;
        }
        if (BOOL_WORD.matcher(plain).matches()) {
            return Kind.BOOL;
        }
        if (ZERO_BEFORE.matcher(plain).matches() && !OLD_OCTAL.matcher(plain).matches()) {
            // Neither octal nor a way in which people write decimal numbers.
            return Kind.TEXT;
        }
        if (INTEGER.matcher(plain).matches()) {
            return Kind.INT;
        }
        return DECIMAL.matcher(plain).matches() || NOT_FINITE.matcher(plain).matches() ? Kind.FLOAT : Kind.TEXT;
    }

    /** One spelling for each value, so that {@code 0x10} and {@code 16} are the same thing everywhere. */
    static String canonical(Kind kind, String written) {
        return switch (kind) {
            case BOOL -> written.toLowerCase(java.util.Locale.ROOT);
            case INT -> integer(written).toString();
            case FLOAT -> decimal(written);
            default -> written;
        };
    }

    private static BigInteger integer(String written) {
        if (written.startsWith("0o")) {
            return new BigInteger(written.substring(2), 8);
        }
        if (written.startsWith("0x")) {
            return new BigInteger(written.substring(2), 16);
        }
        return new BigInteger(written, OLD_OCTAL.matcher(written).matches() ? 8 : 10);
    }

    private static String decimal(String written) {
        if (!DECIMAL.matcher(written).matches()) {
            return written;
        }
        double value = Double.parseDouble(written);
        // Beyond this a plain spelling would be nothing but zeros.
        if (Double.isInfinite(value) || Math.abs(value) >= 1e21) {
            return written;
        }
        return value == 0 ? "0" : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
