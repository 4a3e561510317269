// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The part of QEMU's command line that comes from the devices of a plan. */
final class DeviceOptions {
    private final MachineSpec spec;
    private final CommandLine.Facts facts;
    private final List<String> words = new ArrayList<>();

    /** Used, of those of the bridge. */
    private int slots;

    DeviceOptions(MachineSpec spec, CommandLine.Facts facts) {
        this.spec = spec;
        this.facts = facts;
    }

    /** In an order of its own: the guest numbers disks and interfaces as they come. */
    List<String> words() {
        disks();
        int index = 0;
        for (Device.Nic nic : all(Device.Nic.class).toList()) {
            nic(nic, "net" + index++);
        }
        all(Device.Sound.class).forEach(this::sound);
        all(Device.Display.class).forEach(this::display);
        consoles();
        index = 0;
        for (Device.SharedDirectory directory :
                all(Device.SharedDirectory.class).toList()) {
            shared(directory, index++);
        }
        return words;
    }

    private void disks() {
        boolean fromCdrom = disks(Device.DiskRole.BOOT_CDROM).findAny().isPresent();
        int index = 0;
        for (Device.Disk disk : disks(Device.DiskRole.BOOT).toList()) {
            disk(disk, index == 0 ? "boot-disk" : "boot-disk" + index, ",bootindex=" + (fromCdrom ? 2 : 1) + index);
            index++;
        }
        index = 0;
        for (Device.Disk disk : disks(Device.DiskRole.DATA).toList()) {
            disk(disk, "data-disk" + index++, "");
        }
        boolean scsi = false;
        index = 0;
        for (Device.Disk disk : disks(Device.DiskRole.BOOT_CDROM).toList()) {
            // Installation media look for themselves on a SATA drive where the machine has one.
            if (spec.arch() != Arch.X86_64) {
                scsi = scsiBus(scsi);
            }
            String device = spec.arch() == Arch.X86_64 ? "ide-cd,bus=ide." + index : "scsi-cd,bus=scsi0.0";
            cdrom(disk, "iso" + index, device, ",bootindex=1" + index);
            index++;
        }
        index = 0;
        for (Device.Disk disk : disks(Device.DiskRole.CIDATA).toList()) {
            scsi = scsiBus(scsi);
            cdrom(disk, "cdrom" + index++, "scsi-cd,bus=scsi0.0", "");
        }
    }

    private boolean scsiBus(boolean there) {
        if (!there) {
            add("-device", CommandLine.virtio(spec.arch(), "scsi") + ",id=scsi0");
        }
        return true;
    }

    private void disk(Device.Disk disk, String id, String bootIndex) {
        add(
                "-drive",
                "if=none,id=%s,format=%s,cache=writeback,discard=unmap%s,file=%s"
                        .formatted(
                                id,
                                CommandLine.value(disk.format()),
                                disk.readOnly() ? ",readonly=on" : "",
                                CommandLine.value(disk.file())));
        // A full host disk stops the machine, which can go on later, instead of failing the guest's write.
        add(
                "-device",
                CommandLine.virtio(spec.arch(), "blk") + ",drive=" + id + ",werror=enospc,rerror=report" + bootIndex);
    }

    private void cdrom(Device.Disk disk, String id, String device, String bootIndex) {
        add(
                "-drive",
                "if=none,id=%s,media=cdrom,format=%s,readonly=on,file=%s"
                        .formatted(id, CommandLine.value(disk.format()), CommandLine.value(disk.file())));
        add("-device", device + ",drive=" + id + bootIndex);
    }

    private void nic(Device.Nic nic, String id) {
        String backend = switch (nic.backend()) {
            case Device.UserMode user -> userMode(user, id);
            case Device.StreamSocket stream -> stream(stream, id);
            case Device.Vde vde -> "vde,id=" + id + ",sock=" + CommandLine.value(vde.control());
        };
        add("-netdev", backend);
        String rom = spec.arch() == Arch.S390X ? "" : ",romfile=";
        add("-device", CommandLine.virtio(spec.arch(), "net") + ",netdev=" + id + ",mac=" + nic.macAddress() + rom);
    }

    private static String userMode(Device.UserMode user, String id) {
        StringBuilder text = new StringBuilder("user,id=%s,net=%s,host=%s,dns=%s,dhcpstart=%s"
                .formatted(id, user.network(), user.host(), user.dns(), user.dhcpStart()));
        for (Device.HostForward forward : user.forwards()) {
            text.append(
                    ",hostfwd=tcp:%s:%d-:%d".formatted(forward.hostAddress(), forward.hostPort(), forward.guestPort()));
        }
        return text.toString();
    }

    private String stream(Device.StreamSocket stream, String id) {
        QemuVersion version = facts.version();
        if (!version.atLeast(7, 2)) {
            throw new LimaException(
                    "QEMU " + version + " cannot join a network by a stream socket",
                    "Install QEMU 7.2 or newer, or remove the network from lima.yaml");
        }
        String reconnect = version.atLeast(9, 2) ? ",reconnect-ms=500" : version.atLeast(8, 0) ? ",reconnect=1" : "";
        return "stream,id=" + id + ",server=off,addr.type=unix,addr.path=" + CommandLine.value(stream.socket())
                + reconnect;
    }

    private void sound(Device.Sound sound) {
        String driver = switch (sound.device()) {
            case "", "none" -> "none";
            case "default" -> facts.os() == HostOs.DARWIN ? "coreaudio" : "pa";
            default -> sound.device();
        };
        add("-audiodev", CommandLine.value(driver) + ",id=snd0");
        if (sound.soundInterface().equals("virtio") && facts.version().atLeast(8, 2)) {
            add("-device", "virtio-sound-pci,audiodev=snd0");
        } else {
            add("-device", "ich9-intel-hda");
            add("-device", "hda-output,audiodev=snd0");
        }
    }

    private void display(Device.Display display) {
        String kind = display.kind();
        if (kind.isEmpty() || kind.equals("none")) {
            unlessGiven("none");
            return;
        }
        boolean vnc = kind.equals("vnc");
        if (vnc) {
            String address = display.vncAddress();
            unlessGiven("vnc=" + (address == null ? "127.0.0.1:0,to=9" : address) + ",password=on");
        } else if (!kind.equals("default")) {
            unlessGiven(kind);
        }
        boolean vga = spec.arch() == Arch.X86_64 || spec.arch() == Arch.RISCV64;
        add("-device", vga ? "virtio-vga" : CommandLine.virtio(spec.arch(), "gpu"));
        add("-device", CommandLine.virtio(spec.arch(), "keyboard"));
        add("-device", CommandLine.virtio(spec.arch(), vnc ? "tablet" : "mouse"));
    }

    private void unlessGiven(String display) {
        if (!facts.program().gives("-display")) {
            add("-display", display);
        }
    }

    private void consoles() {
        boolean channels = all(Device.GuestPort.class).findAny().isPresent()
                || all(Device.Console.class).anyMatch(c -> c.kind() == Device.ConsoleKind.VIRTIO);
        if (channels) {
            add("-device", CommandLine.virtio(spec.arch(), "serial") + ",id=virtio-serial0");
        }
        int index = 0;
        for (Device.Console console : all(Device.Console.class).toList()) {
            String id = "char-console" + index++;
            add("-chardev", chardev(console, id));
            switch (console.kind()) {
                case SERIAL -> add("-serial", "chardev:" + id);
                case PCI_SERIAL -> add("-device", "pci-serial,chardev=" + id);
                case VIRTIO -> add("-device", "virtconsole,bus=virtio-serial0.0,chardev=" + id);
            }
        }
        index = 0;
        for (Device.GuestPort port : all(Device.GuestPort.class).toList()) {
            String id = "char-port" + index++;
            add("-chardev", "socket,id=" + id + ",path=" + CommandLine.value(port.socket()) + ",server=on,wait=off");
            add(
                    "-device",
                    "virtserialport,bus=virtio-serial0.0,chardev=" + id + ",name=" + CommandLine.value(port.name()));
        }
    }

    private static String chardev(Device.Console console, String id) {
        String log = CommandLine.value(console.log());
        return console.socket() == null
                ? "file,id=" + id + ",path=" + log
                : "socket,id=" + id + ",path=" + CommandLine.value(console.socket()) + ",server=on,wait=off,logfile="
                        + log;
    }

    private void shared(Device.SharedDirectory shared, int index) {
        switch (shared.sharing()) {
            case Device.NineP nineP -> {
                // remap keeps files of several file systems below one directory apart, which may share inode numbers.
                add(
                        "-fsdev",
                        "local,id=fs%d,security_model=%s,multidevs=remap%s,path=%s"
                                .formatted(
                                        index,
                                        nineP.securityModel(),
                                        shared.readOnly() ? ",readonly=on" : "",
                                        CommandLine.value(shared.directory())));
                add(
                        "-device",
                        CommandLine.virtio(spec.arch(), "9p") + ",fsdev=fs" + index + ",mount_tag="
                                + CommandLine.value(shared.tag()));
            }
            case Device.Virtiofs virtiofs -> virtiofs(shared.tag(), virtiofs);
        }
    }

    /** On the bridge, where there is one and it has room: from there it can be taken away, and others can come. */
    private void virtiofs(String tag, Device.Virtiofs virtiofs) {
        boolean bridge = spec.arch() == Arch.X86_64
                && !facts.program().gives("-machine")
                && !facts.program().gives("-M");
        if (bridge && slots++ == 0) {
            add("-device", "pcie-pci-bridge,id=" + ShareSlots.BRIDGE);
        }
        String chardev = CommandLine.value(ShareSlots.chardev(tag));
        add("-chardev", "socket,id=" + chardev + ",path=" + CommandLine.value(virtiofs.socket()));
        add(
                "-device",
                "vhost-user-fs-%s,%squeue-size=%d,chardev=%s,tag=%s"
                        .formatted(
                                spec.arch() == Arch.S390X ? "ccw" : "pci",
                                bridge && slots <= ShareSlots.COUNT
                                        ? "id=" + CommandLine.value(tag) + ",bus=" + ShareSlots.BRIDGE + ","
                                        : "",
                                virtiofs.queueSize(),
                                chardev,
                                CommandLine.value(tag)));
    }

    private Stream<Device.Disk> disks(Device.DiskRole role) {
        return all(Device.Disk.class).filter(d -> d.role() == role);
    }

    private <T extends Device> Stream<T> all(Class<T> type) {
        return spec.devices().stream().filter(type::isInstance).map(type::cast);
    }

    private void add(String option, String value) {
        words.add(option);
        words.add(value);
    }
}
