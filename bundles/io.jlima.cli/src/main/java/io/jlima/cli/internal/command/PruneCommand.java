// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.image.ImageCache;
import io.jlima.cli.internal.Sizes;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl prune}. */
@Component(service = Command.class)
public final class PruneCommand implements Command {
    private final ImageCache cache;

    @Activate
    public PruneCommand(@Reference ImageCache cache) {
        this.cache = cache;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("prune", Group.ADVANCED, "Remove downloaded and built images")
                .describe("""
                        Instances keep what they have. An image is fetched or built again when an instance is made of
                        it.""")
                .with(new Option(
                        "keep-referred",
                        null,
                        null,
                        "keep images that an instance or a template names, and built ones"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        ImageCache.Freed freed = cache.prune(invocation.has("keep-referred"), invocation.caller(), invocation.log());
        invocation
                .log()
                .info("Removed " + freed.entries() + " entries of " + cache.directory(invocation.caller()) + ", "
                        + Sizes.text(freed.bytes()));
        return 0;
    }
}
