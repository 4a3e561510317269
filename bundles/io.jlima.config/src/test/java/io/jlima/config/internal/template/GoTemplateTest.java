// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoTemplateTest {
    private static final Map<String, Object> VARIABLES =
            Map.of("User", "foo", "UID", 1000L, "Param", Map.of("on", "true", "empty", "", "name", "x y"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "no braces§no braces",
                "{{.User}}§foo",
                "{{ .User }}§foo",
                "{{$.User}}§foo",
                "/home/{{.User}}.guest§/home/foo.guest",
                "{{.UID}}§1000",
                "{{.Param.name}}§x y",
                "{{if .Param.on}}a{{end}}§a",
                "{{if .Param.empty}}a{{else}}b{{end}}§b",
                "{{if .Param.missing}}a{{else}}b{{end}}§b",
                "{{if .Param.empty}}a{{else if .Param.on}}b{{else}}c{{end}}§b",
                "{{if .Param.on}}a{{else if .Param.on}}b{{else}}c{{end}}§a",
                "{{if .Param.empty}}{{if .Param.on}}a{{else}}b{{end}}{{else}}c{{end}}§c",
                "{{if and .Param.on .Param.name}}a{{end}}§a",
                "{{if and .Param.on .Param.empty}}a{{end}}x§x",
                "{{if or .Param.empty .Param.on}}a{{end}}§a",
                "{{if not .Param.empty}}a{{end}}§a",
                "{{if not (and .Param.on .Param.empty)}}a{{end}}§a",
                "{{if eq .Param.on \"true\"}}a{{end}}§a",
                "{{if eq .Param.on `true`}}a{{end}}§a",
                "{{if eq .Param.on \"x\" \"true\"}}a{{end}}§a",
                "{{if ne .Param.on \"true\"}}a{{else}}b{{end}}§b",
                "{{if eq .UID 1000}}a{{end}}§a",
                "{{if(eq .UID 1000)}}a{{end}}§a",
                "{{if true}}a{{end}}{{if false}}b{{end}}§a",
                "{{or .Param.empty .User}}§foo",
                "{{.Param.on | eq \"true\"}}§true",
                "a {{- .User -}} b§afoob",
                "a {{- /* why */ -}} b§ab",
                "{{/* braces }} within */}}x§x",
                "{{\"{{\"}}.Names}}§{{.Names}}",
                "{{\"}}\"}}§}}",
                "{{-.User}}§kept",
                "}} stays§}} stays",
            })
    void evaluates(String text, String expected) throws TemplateFault {
        if (expected.equals("kept")) {
            assertThatThrownBy(() -> GoTemplate.evaluate(text, VARIABLES)).isInstanceOf(TemplateFault.class);
        } else {
            assertThat(GoTemplate.evaluate(text, VARIABLES)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{{.Usr}}                       | true  | did you mean {{.User}}",
                "{{.Zzzzzzzzz}}                 | true  | known are",
                "{{.Param.nme}}                 | true  | not defined under param",
                "{{.User.x}}                    | true  | no variable",
                "{{.Param}}                     | true  | not a single value",
                "{{range .Param}}{{end}}        | true  | not supported",
                "{{printf .User}}               | true  | not supported",
                "{{eq .User}}                   | true  | arguments",
                "{{not .User .User}}            | true  | arguments",
                "{{if .Param.empty}}{{.Nil}}{{end}} | true | no variable",
                "{{json .}}                     | false | not a function",
                "{{.User                        | false | not closed",
                "{{if .User}}a                  | false | no {{end}}",
                "a{{end}}                       | false | no {{if}}",
                "{{else}}                       | false | no {{if}}",
                "{{if .User}}{{else}}{{else}}{{end}} | false | no {{if}}",
                "{{}}                           | false | missing",
                "{{(.User}}                     | false | not closed",
                "{{.User .User}}                | false | not expected",
                "{{%}}                          | false | begins no value",
            })
    void refusesWhatIsWrongAndKeepsWhatIsNoTemplate(String text, boolean refused, String words) {
        TemplateFault fault =
                catchThrowableOfType(TemplateFault.class, () -> GoTemplate.evaluate(text.strip(), VARIABLES));
        assertThat(fault).hasMessageContaining(words);
        assertThat(fault.isRefused()).isEqualTo(refused);
    }

    @ParameterizedTest
    @CsvSource({"'(', 5000", "'{{if .User}}', 5000"})
    void depthIsNoHarm(String part, int times) {
        String text = part.startsWith("{{") ? part.repeat(times) : "{{" + part.repeat(times) + "}}";
        assertThatThrownBy(() -> GoTemplate.evaluate(text, VARIABLES)).isInstanceOf(TemplateFault.class);
    }

    @ParameterizedTest
    @CsvSource({"1, 'a {{.Nil}}\nb'", "3, 'a\nb\n{{.Nil}}'"})
    void namesTheLine(int line, String text) {
        assertThatThrownBy(() -> GoTemplate.evaluate(text, VARIABLES)).hasMessageStartingWith("line " + line + " ");
    }
}
