// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.config.InstanceConfig.Mount;

/** A directory of the host that a running guest is shown, and how its watchers can be told of changes in it. */
public record SharedMount(Mount mount, FileReplay replay) {}
