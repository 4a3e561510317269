// SPDX-License-Identifier: Apache-2.0
package io.jlima.config;

import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.WebTexts;
import io.jlima.config.internal.YamlConfigReader;

/**
 * The way in for programs without OSGi: reads lima.yaml files and templates. In a framework, {@link ConfigReader} is a
 * service.
 */
public final class LimaYaml {
    private LimaYaml() {}

    /** A thread-safe reader that fetches nothing from the web. */
    public static ConfigReader reader() {
        return new YamlConfigReader();
    }

    /** A thread-safe reader. */
    public static ConfigReader reader(WebTexts web) {
        return new YamlConfigReader(web);
    }
}
