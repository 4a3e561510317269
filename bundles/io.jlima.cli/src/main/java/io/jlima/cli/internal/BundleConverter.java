// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.util.Arrays;
import java.util.Comparator;
import org.apache.felix.service.command.Converter;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Lets people name bundles at the console by number or symbolic name: without it Gogo's own {@code stop} and
 * {@code uninstall} take nothing that can be typed.
 */
@Component(service = Converter.class, property = "osgi.converter.classes=org.osgi.framework.Bundle")
public final class BundleConverter implements Converter {
    private final BundleContext context;

    @Activate
    public BundleConverter(BundleContext context) {
        this.context = context;
    }

    @Override
    public @Nullable Object convert(Class<?> desired, Object from) {
        if (desired != Bundle.class) {
            return null;
        }
        String word = String.valueOf(from);
        if (word.matches("\\d{1,18}")) {
            return context.getBundle(Long.parseLong(word));
        }
        // Of several versions the newest is meant.
        return Arrays.stream(context.getBundles())
                .filter(b -> word.equals(b.getSymbolicName()))
                .max(Comparator.comparing(Bundle::getVersion))
                .orElse(null);
    }

    @Override
    public @Nullable CharSequence format(Object target, int level, Converter escape) {
        return target instanceof Bundle bundle
                ? bundle.getBundleId() + " " + bundle.getSymbolicName() + " " + bundle.getVersion()
                : null;
    }
}
