// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.network;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The named networks of {@code _config/networks.yaml}, which is made with Lima's own networks at the first look.
 * Thread-safe. What is refused is refused by a {@link io.jlima.api.LimaException}.
 */
@ProviderType
public interface NetworkSettings {
    /** Every network, by name. */
    List<NamedNetwork> list();

    /** Adds a network. */
    void create(NamedNetwork network);

    /**
     * Removes a network.
     *
     * @return false when there was none
     */
    boolean delete(String name);

    /**
     * @param mode {@code user-v2}, {@code host}, {@code shared} or {@code bridged}
     * @param gateway address of the host in it, null for bridged
     * @param prefix length of the network's part of addresses; 0 for bridged
     * @param hostInterface interface of the host that is bridged, null for other modes
     */
    record NamedNetwork(
            String name,
            String mode,
            @Nullable String gateway,
            int prefix,
            @Nullable String hostInterface) {}
}
