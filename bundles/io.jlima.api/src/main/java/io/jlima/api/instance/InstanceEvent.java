// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.instance;

import java.time.Duration;
import java.time.Instant;

/** Something that happened to an instance. */
public sealed interface InstanceEvent {
    String instance();

    Instant time();

    /** The status has changed. */
    record StatusChanged(String instance, Instant time, Instance.Status status) implements InstanceEvent {}

    /** A step of a start or stop has begun. */
    record StepBegun(String instance, Instant time, String step) implements InstanceEvent {}

    /** A step of a start or stop is done. */
    record StepDone(String instance, Instant time, String step, Duration duration) implements InstanceEvent {}

    /** Something went wrong that a user should know about. */
    record Trouble(String instance, Instant time, String message) implements InstanceEvent {}
}
