// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.InstanceConfig;
import java.util.List;
import java.util.Map;

/** A lima.yaml that was read, with what its defaults were computed from. */
record Configuration(InstanceConfig config, Map<String, Object> tree, List<String> warnings, Facts facts) {}
