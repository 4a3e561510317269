// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes an ISO 9660 volume with Rock Ridge names and modes. The same tree, label, identifier and time give the same
 * bytes. Everything belongs to root.
 *
 * <p>Section numbers in comments are those of ECMA-119, which is ISO 9660. Not thread-safe.
 */
final class Iso9660 {
    /** 6.1.2: size of a logical sector, and the logical block size that everybody uses. */
    static final int SECTOR = 2048;

    /** 6.2.1: the first sixteen sectors are the system's, volume descriptors come next. */
    static final int FIRST_DESCRIPTOR = 16;

    /** 8.4.19: place and length of the volume set identifier in the primary volume descriptor. */
    static final int VOLUME_SET_AT = 190;

    static final int VOLUME_SET_LENGTH = 128;

    /** 8.4.8: place of the volume's size in sectors. */
    static final int VOLUME_SIZE_AT = 80;

    /** 9.1: fixed part of a directory record before the identifier. */
    private static final int RECORD_HEADER = 33;

    private static final int LONGEST_RECORD = 254;

    private final String label;
    private final String volumeSet;
    private final Instant time;
    private final IsoEntry root = IsoEntry.root();

    /**
     * @param label volume label, at most 32 ASCII characters
     * @param volumeSet identifier that readers may use to recognise the content, at most 128 ASCII characters
     * @param time time stamp of everything
     */
    Iso9660(String label, String volumeSet, Instant time) {
        if (label.length() > 32 || volumeSet.length() > VOLUME_SET_LENGTH) {
            throw new IllegalArgumentException("label or volume set identifier too long");
        }
        this.label = label;
        this.volumeSet = volumeSet;
        this.time = time;
    }

    /** Adds a directory, and those above it with mode 0755 when they are not there; sets the mode of an existing one. */
    void directory(String path, int mode) {
        root.enter(path).permissions(mode);
    }

    /** Adds a file from memory. */
    void file(String path, int mode, byte[] content) {
        root.add(path, mode, content, null, content.length);
    }

    /** Adds a file that is read from {@code source} when the volume is written. Its size must not change till then. */
    void file(String path, int mode, Path source) throws IOException {
        root.add(path, mode, null, source, Files.size(source));
    }

    /**
     * Writes the volume; does not close the stream.
     *
     * @throws IOException when a source cannot be read or has changed its size, or the target cannot be written
     */
    void write(OutputStream out) throws IOException {
        List<IsoEntry> directories = new ArrayList<>();
        List<IsoEntry> files = new ArrayList<>();
        collect(directories, files);
        byte[] smallTable = pathTable(directories, false);
        int tableSectors = sectors(smallTable.length);

        int next = FIRST_DESCRIPTOR + 2 + 2 * tableSectors;
        for (IsoEntry directory : directories) {
            directory.sector = next;
            directory.size = layOut(directory, null).length;
            next += sectors(directory.size);
        }
        Continuations continuations = new Continuations(next);
        for (IsoEntry directory : directories) {
            layOut(directory, continuations);
        }
        next += continuations.sectors();
        for (IsoEntry file : files) {
            file.sector = next;
            next += sectors(file.size);
        }

        out.write(new byte[FIRST_DESCRIPTOR * SECTOR]);
        out.write(primaryDescriptor(next, smallTable.length, tableSectors));
        out.write(terminator());
        out.write(padded(pathTable(directories, false)));
        out.write(padded(pathTable(directories, true)));
        continuations = new Continuations(continuations.firstSector);
        for (IsoEntry directory : directories) {
            out.write(layOut(directory, continuations));
        }
        out.write(continuations.bytes());
        for (IsoEntry file : files) {
            copy(file, out);
        }
    }

    /** 6.9.1: directories in the order of the path table, which is by level, then by parent, then by identifier. */
    private void collect(List<IsoEntry> directories, List<IsoEntry> files) {
        root.parent = root;
        root.number = 1;
        directories.add(root);
        for (int i = 0; i < directories.size(); i++) {
            IsoEntry directory = directories.get(i);
            for (IsoEntry child : identified(directory)) {
                child.parent = directory;
                if (child.isDirectory()) {
                    directories.add(child);
                    child.number = directories.size();
                } else {
                    files.add(child);
                }
            }
        }
        if (directories.size() > 0xffff) {
            throw new IllegalArgumentException("more directories than a path table can number");
        }
    }

    /** Gives each child an identifier of its own in eight characters (7.5), in the order that 9.3 asks for. */
    private static Collection<IsoEntry> identified(IsoEntry directory) {
        TreeMap<String, IsoEntry> taken = new TreeMap<>();
        for (IsoEntry child : directory.children.values()) {
            StringBuilder stem = new StringBuilder();
            for (char c : child.name.toUpperCase(Locale.ROOT).toCharArray()) {
                if (stem.length() < 8) {
                    stem.append(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ? c : '_');
                }
            }
            String end = child.isDirectory() ? "" : ".;1";
            String candidate = stem.toString();
            for (int i = 0; taken.containsKey(candidate + end); i++) {
                String number = Integer.toString(i);
                candidate = stem.substring(0, Math.min(stem.length(), 8 - number.length())) + number;
            }
            child.identifier = candidate + end;
            taken.put(child.identifier, child);
        }
        directory.sorted = new ArrayList<>(taken.values());
        return directory.sorted;
    }

    /** 9.4: one record per directory. */
    private byte[] pathTable(List<IsoEntry> directories, boolean bigEndian) {
        ByteArrayOutputStream table = new ByteArrayOutputStream();
        for (IsoEntry directory : directories) {
            byte[] id = directory == root ? new byte[1] : RockRidge.ascii(directory.identifier);
            byte[] parsed = new byte[8 + id.length + id.length % 2];
            parsed[0] = (byte) id.length;
            int parent = directory.parentOrSelf().number;
            if (bigEndian) {
                RockRidge.bigEndian(parsed, 2, directory.sector);
                parsed[6] = (byte) (parent >>> 8);
                parsed[7] = (byte) parent;
            } else {
                RockRidge.littleEndian(parsed, 2, directory.sector);
                parsed[6] = (byte) parent;
                parsed[7] = (byte) (parent >>> 8);
            }
            System.arraycopy(id, 0, parsed, 8, id.length);
            table.writeBytes(parsed);
        }
        return table.toByteArray();
    }

    /** The extent of a directory: itself, its parent, its children; no record crosses a sector boundary (6.8.1.1). */
    private byte[] layOut(IsoEntry directory, @Nullable Continuations continuations) {
        ByteArrayOutputStream extent = new ByteArrayOutputStream();
        IsoEntry parent = directory.parentOrSelf();
        append(extent, record(new byte[] {0}, directory, selfEntries(directory, directory == root), continuations));
        append(extent, record(new byte[] {1}, parent, selfEntries(parent, false), continuations));
        for (IsoEntry child : directory.sorted) {
            List<byte[]> use = new ArrayList<>();
            use.add(RockRidge.attributes(child.mode, child.links()));
            use.add(RockRidge.times(time));
            use.addAll(RockRidge.name(child.name));
            append(extent, record(RockRidge.ascii(child.identifier), child, use, continuations));
        }
        return padded(extent.toByteArray());
    }

    private List<byte[]> selfEntries(IsoEntry directory, boolean first) {
        List<byte[]> use = new ArrayList<>();
        if (first) {
            use.add(RockRidge.sharingProtocol());
        }
        use.add(RockRidge.attributes(directory.mode, directory.links()));
        use.add(RockRidge.times(time));
        if (first) {
            use.add(RockRidge.extensionReference());
        }
        return use;
    }

    /** 9.1: a directory record with as many system use entries as fit; the rest goes to a continuation area. */
    private byte[] record(byte[] id, IsoEntry entry, List<byte[]> use, @Nullable Continuations continuations) {
        int header = RECORD_HEADER + id.length + (id.length + 1) % 2;
        int room = LONGEST_RECORD - header;
        ByteArrayOutputStream inside = new ByteArrayOutputStream();
        ByteArrayOutputStream outside = new ByteArrayOutputStream();
        boolean fits = use.stream().mapToInt(e -> e.length).sum() <= room;
        for (byte[] e : use) {
            boolean here =
                    outside.size() == 0 && inside.size() + e.length <= (fits ? room : room - RockRidge.CE_LENGTH);
            (here ? inside : outside).writeBytes(e);
        }
        if (outside.size() > 0) {
            inside.writeBytes(
                    continuations == null ? new byte[RockRidge.CE_LENGTH] : continuations.add(outside.toByteArray()));
        }
        byte[] record = new byte[(header + inside.size() + 1) / 2 * 2];
        record[0] = (byte) record.length;
        RockRidge.bothEndian(record, 2, entry.sector);
        RockRidge.bothEndian(record, 10, (int) entry.size);
        RockRidge.shortTime(record, 18, time);
        record[25] = (byte) (entry.isDirectory() ? 2 : 0);
        record[28] = 1;
        record[31] = 1;
        record[32] = (byte) id.length;
        System.arraycopy(id, 0, record, RECORD_HEADER, id.length);
        System.arraycopy(inside.toByteArray(), 0, record, header, inside.size());
        return record;
    }

    private byte[] primaryDescriptor(int volumeSectors, int tableLength, int tableSectors) {
        byte[] d = new byte[SECTOR];
        d[0] = 1;
        text(d, 1, 5, "CD001");
        d[6] = 1;
        text(d, 8, 32, "LINUX");
        text(d, 40, 32, label);
        RockRidge.bothEndian(d, VOLUME_SIZE_AT, volumeSectors);
        for (int at : new int[] {120, 124}) {
            d[at] = 1;
            d[at + 3] = 1;
        }
        d[128] = 0;
        d[129] = SECTOR >>> 8;
        d[130] = SECTOR >>> 8;
        RockRidge.bothEndian(d, 132, tableLength);
        RockRidge.littleEndian(d, 140, FIRST_DESCRIPTOR + 2);
        RockRidge.bigEndian(d, 148, FIRST_DESCRIPTOR + 2 + tableSectors);
        System.arraycopy(record(new byte[] {0}, root, List.of(), null), 0, d, 156, RECORD_HEADER + 1);
        text(d, VOLUME_SET_AT, VOLUME_SET_LENGTH, volumeSet);
        text(d, 318, 813 - 318, "");
        String stamp = time.toString().replaceAll("[^0-9]", "").substring(0, 14) + "00";
        text(d, 813, 16, stamp);
        text(d, 830, 16, stamp);
        text(d, 847, 16, "0".repeat(16));
        text(d, 864, 16, "0".repeat(16));
        d[881] = 1;
        return d;
    }

    private static byte[] terminator() {
        byte[] d = new byte[SECTOR];
        d[0] = (byte) 255;
        text(d, 1, 5, "CD001");
        d[6] = 1;
        return d;
    }

    private static void text(byte[] target, int at, int length, String value) {
        Arrays.fill(target, at, at + length, (byte) ' ');
        byte[] bytes = RockRidge.ascii(value);
        System.arraycopy(bytes, 0, target, at, bytes.length);
    }

    private static void copy(IsoEntry file, OutputStream out) throws IOException {
        long written = 0;
        if (file.content != null) {
            out.write(file.content);
            written = file.content.length;
        } else if (file.source != null) {
            try (InputStream in = Files.newInputStream(file.source)) {
                written = in.transferTo(out);
            }
        }
        if (written != file.size) {
            throw new IOException(file.source + " changed while it was read: " + file.size + " bytes, then " + written);
        }
        out.write(new byte[(int) (sectors(file.size) * (long) SECTOR - file.size)]);
    }

    private static void append(ByteArrayOutputStream extent, byte[] record) {
        int used = extent.size() % SECTOR;
        if (used + record.length > SECTOR) {
            extent.writeBytes(new byte[SECTOR - used]);
        }
        extent.writeBytes(record);
    }

    private static byte[] padded(byte[] bytes) {
        return Arrays.copyOf(bytes, sectors(bytes.length) * SECTOR);
    }

    private static int sectors(long bytes) {
        return Math.toIntExact((bytes + SECTOR - 1) / SECTOR);
    }

    /** System use entries that found no room in their records; none crosses a sector boundary. */
    private static final class Continuations {
        private final int firstSector;
        private final ByteArrayOutputStream area = new ByteArrayOutputStream();

        Continuations(int firstSector) {
            this.firstSector = firstSector;
        }

        /** Takes the entries and returns the CE entry that leads to them. */
        byte[] add(byte[] entries) {
            append(area, entries);
            int at = area.size() - entries.length;
            return RockRidge.continuation(firstSector + at / SECTOR, at % SECTOR, entries.length);
        }

        int sectors() {
            return Iso9660.sectors(area.size());
        }

        byte[] bytes() {
            return padded(area.toByteArray());
        }
    }
}
