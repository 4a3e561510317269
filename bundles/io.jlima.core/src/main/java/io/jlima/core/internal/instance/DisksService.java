// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.instance.Disks;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.core.internal.disk.DataDisks;
import io.jlima.core.internal.image.ByteSize;
import io.jlima.core.internal.image.ImageFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The disks of LIMA_HOME, and who may have them. */
@Component(service = Disks.class)
public final class DisksService implements Disks {
    /** Less than this holds no file system; a missing unit is the usual reason for asking. */
    private static final long LEAST = 1 << 20;

    private final DataDisks disks;
    private final Instances instances;

    @Activate
    public DisksService(@Reference HomeFolder home, @Reference Instances instances) {
        this.disks = home.disks();
        this.instances = instances;
    }

    @Override
    public List<DataDisk> list() {
        return disks.names().stream().map(this::look).toList();
    }

    @Override
    public Optional<DataDisk> find(String name) {
        return disks.names().stream().filter(name::equals).findFirst().map(this::look);
    }

    private DataDisk look(String name) {
        long size = 0;
        String format = "";
        try {
            format = disks.format(name).word();
            size = disks.size(name, HostEnvironment.ofThisProcess());
        } catch (IOException | LimaException e) {
            format = format.isEmpty() ? "unusable" : format;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new DataDisk(
                name, size, format, disks.directory(name), disks.holder(name).orElse(null));
    }

    private void refuseExisting(String name) {
        InstanceName.checkWord(name, "disk");
        if (Files.exists(disks.directory(name))) {
            throw new LimaException(
                    "disk `" + name + "` already exists (" + disks.directory(name) + ")",
                    "Choose another name, or remove it with `limactl disk delete " + name + "`");
        }
    }

    private void requireExisting(String name) {
        if (!disks.exists(name)) {
            throw new LimaException("disk `" + name + "` does not exist", "`limactl disk list` shows all disks");
        }
    }

    @Override
    public void create(String name, long size, String format, HostEnvironment caller) throws InterruptedException {
        ImageFormat wanted = switch (format) {
            case "qcow2" -> ImageFormat.QCOW2;
            case "raw" -> ImageFormat.RAW;
            default -> throw new LimaException("disk format `" + format + "` is not supported", "Use qcow2 or raw");
        };
        refuseExisting(name);
        checkSize(size);
        disks.create(name, size, wanted, caller);
    }

    private static void checkSize(long size) {
        if (size < LEAST) {
            throw new LimaException(
                    "a disk of " + ByteSize.text(size) + " is too small to be of use",
                    "Give at least 1MiB, for example --size 10GiB");
        }
    }

    @Override
    public void importImage(String name, Path image, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        if (!Files.isRegularFile(image)) {
            throw new LimaException("there is no file " + image);
        }
        refuseExisting(name);
        disks.importImage(name, image, progress);
    }

    @Override
    public void resize(String name, long size, HostEnvironment caller) throws InterruptedException {
        requireExisting(name);
        checkSize(size);
        disks.alone(() -> {
            disks.holder(name).filter(this::isBusy).ifPresent(holder -> {
                throw new LimaException(
                        "cannot resize disk `" + name + "`: it is in use by running instance `" + holder + "`",
                        "Stop it first with `limactl stop " + holder + "`");
            });
            disks.grow(name, size, caller);
            return name;
        });
    }

    @Override
    public void delete(String name) {
        requireExisting(name);
        disks.alone(() -> {
            disks.holder(name).ifPresent(holder -> {
                throw new LimaException(
                        "cannot delete disk `" + name + "`: it is in use by instance `" + holder + "`",
                        isBusy(holder)
                                ? "Stop the instance first with `limactl stop " + holder + "`"
                                : "The instance does not run; release the disk with `limactl disk unlock " + name
                                        + "`");
            });
            disks.delete(name);
            return name;
        });
    }

    @Override
    public boolean unlock(String name) {
        requireExisting(name);
        return disks.alone(() -> {
            Optional<String> holder = disks.holder(name);
            holder.filter(this::isBusy).ifPresent(running -> {
                throw new LimaException(
                        "cannot unlock disk `" + name + "`: it is used by running instance `" + running + "`",
                        "Stop it first with `limactl stop " + running + "`");
            });
            disks.unlock(name);
            return holder.isPresent();
        });
    }

    private boolean isBusy(String instance) {
        return instances
                .find(instance)
                .filter(i -> i.status() != Status.STOPPED && i.status() != Status.BROKEN)
                .isPresent();
    }

    @Override
    public List<String> wantedBy(String name) {
        return instances.list().stream()
                .filter(i -> i.config() != null
                        && i.config().additionalDisks().stream()
                                .anyMatch(d -> d.name().equals(name)))
                .map(Instance::name)
                .toList();
    }
}
