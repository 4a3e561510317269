// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expectations are what Go's own text/template prints. */
class GoTemplateTest {
    private static final Map<String, Object> DATA = data();

    private static Map<String, Object> data() {
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("Name", "foo");
        data.put("CPUs", 4L);
        data.put("Protected", false);
        data.put("Errors", List.of());
        data.put("List", List.of("a", "b", "c"));
        data.put("Config", Map.of("mountType", "9p", "ssh", Map.of("localPort", 22)));
        return data;
    }

    private static String of(String template) {
        return GoTemplate.parse(template).evaluate(DATA, Map.of("name", "foo"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "{{.Name}}~foo",
                "{{ .Name }} x~foo x",
                "a {{- .Name -}} b~afoob",
                "{{.CPUs}}{{.Protected}}~4false",
                "{{.Errors}}|{{.List}}~[]|[a b c]",
                "{{.Config.MountType}} {{.Config.SSH.LocalPort}}~9p 22",
                "{{if .Protected}}yes{{else}}no{{end}}~no",
                "{{if .Errors}}a{{else if eq .Name \"foo\"}}b{{else}}c{{end}}~b",
                "{{range .List}}<{{.}}>{{end}}~<a><b><c>",
                "{{range $i, $e := .List}}{{if $i}},{{end}}{{$i}}={{$e}}{{end}}~0=a,1=b,2=c",
                "{{range .Errors}}x{{else}}none{{end}}~none",
                "{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}~a",
                "{{range .List}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}~ac",
                "{{with .Name}}<{{.}}>{{end}}~<foo>",
                "{{$x := .Name}}{{with .CPUs}}{{$x}}{{$.Name}}{{end}}~foofoo",
                "{{$x := 1}}{{range .List}}{{$x = .}}{{end}}{{$x}}~c",
                "{{/* nothing */}}x~x",
                "{{\"a\\tb\" | printf \"%q\"}}~\"a\\tb\"",
                "{{printf \"%-5s|%03d|%v\" .Name .CPUs .Protected}}~foo  |004|false",
                "{{len .List}} {{index .List 1}} {{index .Config \"mountType\"}}~3 b 9p",
                "{{and .Name .CPUs}} {{or .Errors .Name}} {{not .Protected}}~4 foo true",
                "{{lt .CPUs 5}} {{ge .CPUs 5}} {{ne .Name \"x\"}}~true false true",
                "{{(index .List 0) | printf \"%s!\"}}~a!",
                "{{json .List}} {{json .}}~[\"a\",\"b\",\"c\"] {\"name\":\"foo\"}",
                "{{.Config.Nothing | missing}} {{missing \"none\" .Config.Nothing}}~<missing> none",
                "{{indent 2 .Name}}~  foo",
                "{{slice .Name 1}}~oo",
                "{{`raw \\n`}}~raw \\n",
            })
    void prints(String template, String expected) {
        assertThat(of(template)).isEqualTo(expected);
    }

    @Test
    void yamlStandsInBlocks() {
        assertThat(of("{{yaml .Config.SSH}}")).isEqualTo("---\nlocalPort: 22");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{{.Nonsense}}~can't evaluate field Nonsense",
                "{{.Name.X}}~can't evaluate field X",
                "{{.Name~unclosed action",
                "{{if .Name}}x~unexpected EOF",
                "{{end}}~unexpected {{end}}",
                "{{nonsense .}}~function \"nonsense\" not defined",
                "{{index .List 7}}~index out of range: 7",
                "{{$y}}~undefined variable \"$y\"",
                "{{.Name .CPUs}}~unexpected \".CPUs\"",
                "{{define \"x\"}}{{end}}~is not supported",
                "{{\"x}}~unterminated quoted string",
            })
    void refuses(String template, String complaint) {
        assertThatThrownBy(() -> of(template)).hasMessageContaining(complaint);
    }
}
