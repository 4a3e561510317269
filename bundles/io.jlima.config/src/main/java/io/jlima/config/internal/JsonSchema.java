// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.Shape.Field;
import io.jlima.config.internal.Shape.Leaf;
import io.jlima.config.internal.Shape.ListOf;
import io.jlima.config.internal.Shape.MapOf;
import io.jlima.config.internal.Shape.Struct;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The keys of lima.yaml as a JSON Schema, draft 2020-12, for editors. It is as strict as people want their editor to
 * be: a key that nobody knows, which {@code limactl} only warns about, is a mistake there.
 */
final class JsonSchema {
    /** Values that are known beforehand, by the path of the field. What drivers bring is not among them. */
    private static final Map<String, List<String>> CHOICES = Map.of(
            "os", List.of("Linux", "Darwin", "FreeBSD", "Windows", "default", ""),
            "arch", List.of("x86_64", "aarch64", "armv7l", "ppc64le", "riscv64", "s390x", "default", ""),
            "provision.mode", List.of("system", "user", "boot", "dependency", "data", "yq", "ansible"),
            "probes.mode", List.of("readiness"),
            "portForwards.proto", List.of("tcp", "udp", "any"),
            "mounts.sshfs.sftpDriver", List.of("builtin", "openssh-sftp-server", ""),
            "audio.interface", List.of("", "hda", "virtio"));

    /** Words that complete the hint of an editor, without being the only ones. */
    private static final Map<String, List<String>> EXAMPLES = Map.of(
            "vmType", List.of("qemu", "vz"),
            "mountType", List.of("reverse-sshfs", "9p", "virtiofs"),
            "memory", List.of("4GiB"),
            "disk", List.of("100GiB"),
            "base", List.of("template:_images/debian-12"));

    private JsonSchema() {}

    static Map<String, Object> of(Struct limaYaml) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "lima.yaml");
        schema.put("description", "An instance or a template of Lima and jlima");
        schema.putAll(shape("", limaYaml));
        return schema;
    }

    private static Map<String, Object> shape(String path, Shape shape) {
        Map<String, Object> schema = new LinkedHashMap<>();
        switch (shape) {
            case Leaf leaf -> leaf(path, leaf, schema);
            case ListOf list -> {
                // A locator may stand alone where a list of them is meant.
                boolean alone = path.equals("base");
                schema.put("type", alone ? List.of("array", "string", "null") : List.of("array", "null"));
                schema.put("items", shape(path, list.item()));
            }
            case MapOf map -> {
                schema.put("type", List.of("object", "null"));
                schema.put("additionalProperties", shape(path, map.value()));
            }
            case Struct struct -> struct(path, struct, schema);
        }
        return schema;
    }

    private static void struct(String path, Struct struct, Map<String, Object> schema) {
        schema.put("type", struct.bareKey() == null ? List.of("object", "null") : List.of("object", "string", "null"));
        Map<String, Object> properties = new LinkedHashMap<>();
        struct.fields()
                .forEach((key, field) -> properties.put(key, field(path.isEmpty() ? key : path + "." + key, field)));
        schema.put("properties", properties);
        if (!struct.open()) {
            schema.put("additionalProperties", false);
        }
    }

    private static Map<String, Object> field(String path, Field field) {
        Map<String, Object> schema = shape(path, field.shape());
        List<String> examples = EXAMPLES.get(path);
        if (examples != null) {
            schema.put("examples", examples);
        }
        if (field.old()) {
            schema.put("deprecated", true);
        }
        return schema;
    }

    private static void leaf(String path, Leaf leaf, Map<String, Object> schema) {
        List<String> choices = path.endsWith(".arch") ? CHOICES.get("arch") : CHOICES.get(path);
        if (choices != null) {
            List<Object> allowed = new ArrayList<>(choices);
            Map<String, Object> nothing = new LinkedHashMap<>();
            nothing.put("type", "null");
            schema.put("anyOf", List.of(Map.of("enum", allowed), nothing));
            return;
        }
        switch (leaf) {
            case TEXT -> schema.put("type", List.of("string", "number", "boolean", "null"));
            case OCTAL -> schema.put("type", List.of("string", "integer", "null"));
            case BOOL -> schema.put("type", List.of("boolean", "null"));
            case INTEGER, LONG -> {
                schema.put("type", List.of("integer", "string", "null"));
                schema.put("pattern", "^-?[0-9]+$");
            }
            case ADDRESS -> {
                schema.put("type", List.of("string", "null"));
                schema.put("examples", Stream.of("127.0.0.1", "0.0.0.0", "::1").toList());
            }
            case ANY -> schema.put("description", "anything");
        }
    }
}
