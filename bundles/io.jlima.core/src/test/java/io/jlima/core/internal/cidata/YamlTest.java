// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

class YamlTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a",
                "no",
                "Null",
                "1e3",
                "0x10",
                "~",
                "- a",
                "a: b",
                "a #b",
                "'quoted'",
                "\"quoted\"",
                "back\\slash",
                "two\nlines",
                "ends\n",
                "ends twice\n\n",
                "\nbegins",
                "\n\n  begins\nwith blanks\n",
                "  blanks\n more\nless\n",
                "\tindented\n",
                "trailing blank \nx",
                "trailing blank ",
                "only\n\n\nempty lines between\n",
                "carriage\r\nreturn\r\n",
                "nul\0bell\u0007escape\u001bdelete\u007f",
                "next\u0085line separator\u2028paragraph\u2029end",
                "bom\ufeffnobreak\u00a0",
                "ümläut 日本 😀",
                "%d{x}[y]&anchor *alias !tag |block >folded",
                "---\n...\n",
                "#!/bin/sh\necho \"$HOME\" 'x'\n",
                "# comment first\n",
                "   \n  x\n",
            })
    void everyScalarIsReadBackUnchanged(String text) {
        String document = "a: " + io.jlima.core.internal.cidata.Yaml.scalar(text) + "\n"
                + "b: " + io.jlima.core.internal.cidata.Yaml.quoted(text) + "\n"
                + "c:\n  d: " + io.jlima.core.internal.cidata.Yaml.block(text, 4) + "\n"
                + "e:\n- - sh\n  - " + io.jlima.core.internal.cidata.Yaml.block(text, 4) + "\n"
                + "f:\n  - " + io.jlima.core.internal.cidata.Yaml.block(text, 4) + "\n"
                + "g:\n  - h: i\n    content: " + io.jlima.core.internal.cidata.Yaml.block(text, 6) + "\n"
                + "end: here\n";

        Map<String, Object> read = new Yaml().load(document);

        assertThat(read)
                .isEqualTo(Map.of(
                        "a", text,
                        "b", text,
                        "c", Map.of("d", text),
                        "e", List.of(List.of("sh", text)),
                        "f", List.of(text),
                        "g", List.of(Map.of("h", "i", "content", text)),
                        "end", "here"));
    }
}
