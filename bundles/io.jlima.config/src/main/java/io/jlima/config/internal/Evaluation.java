// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.config.internal.template.GoTemplate;
import io.jlima.config.internal.template.TemplateFault;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.util.LinkedHashMap;
import java.util.Map;

/** Evaluates fields in place: with what is true in the guest, or with what is true on the host. */
final class Evaluation {
    private final Findings findings;
    private final Map<String, Object> host = new LinkedHashMap<>();
    private final Map<String, Object> guest = new LinkedHashMap<>();

    /**
     * @param param parameters of the instance's own file
     * @param user the filled section, whose home directory is still to be evaluated
     */
    Evaluation(Facts facts, Map<String, String> param, Mapping user, Findings findings) {
        this.findings = findings;
        String limaHome = String.valueOf(facts.configDirectory().getParent());
        host.put("Dir", facts.instanceDirectory().toString());
        host.put("Name", facts.instanceName());
        host.put("UID", facts.uid());
        host.put("User", facts.userName());
        host.put("Home", facts.home().toString());
        host.put("Param", param);
        host.put("GlobalTempDir", "/tmp");
        host.put("TempDir", "/tmp");
        host.put("Instance", facts.instanceName());
        host.put("LimaHome", limaHome);

        guest.put("Name", facts.instanceName());
        guest.put("Hostname", "lima-" + facts.instanceName().replace('.', '-').replace('_', '-'));
        guest.put("UID", user.number("uid"));
        guest.put("User", user.filledText("name"));
        guest.put("Home", user.filledText("home"));
        guest.put("Param", param);
        guest(user, "home", "user.home");
        guest.put("Home", user.filledText("home"));
    }

    /** @param path name of the field in messages */
    void guest(Mapping section, String key, String path) {
        evaluate(section, key, path, guest);
    }

    /** @param path name of the field in messages */
    void host(Mapping section, String key, String path) {
        evaluate(section, key, path, host);
    }

    private void evaluate(Mapping section, String key, String path, Map<String, Object> variables) {
        if (!(section.get(key) instanceof Scalar scalar)) {
            return;
        }
        try {
            section.put(key, scalar.withText(GoTemplate.evaluate(scalar.text(), variables)));
        } catch (TemplateFault e) {
            if (e.isRefused()) {
                findings.error(
                        scalar.mark(),
                        path + ": " + e.getMessage(),
                        "for braces that are meant as such write {{\"{{\"}}");
            } else {
                findings.warn(scalar.mark(), path + " is kept as written: " + e.getMessage());
            }
        }
    }
}
