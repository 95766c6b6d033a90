# SPDX-License-Identifier: Apache-2.0
"""Files that try something, written into a folder for jail_test.py. Each function returns the names of those that must be
refused, and of those that may be looked at."""
import pathlib
import random
import struct
import subprocess
import zlib


def png(width, height, rows):
    """Grey, 8 bits; `rows` is the data before compression, in pieces."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer = zlib.compressobj(1)
    data = b"".join([packer.compress(piece) for piece in rows] + [packer.flush()])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", data) + chunk(b"IEND", b""))


def black_png(width, height):
    return png(width, height, (b"\0" * (width + 1) for _ in range(height)))


def good_png():
    """One bright square, which the network of tests/detect/appearance/data knows."""
    rows = []
    for y in range(80):
        row = bytearray(101)
        if 10 <= y < 18:
            row[1 + 30:1 + 38] = b"\xff" * 8
        rows.append(bytes(row))
    return png(100, 80, rows)


def tiff(tags, data=b"", loops=False):
    """One directory after the data, and after it none, or itself; tags: number -> (type, values). Values that are long go
    behind the directory."""
    sizes = {2: 1, 3: 2, 4: 4, 12: 8}
    codes = {2: "s", 3: "H", 4: "I", 12: "d"}
    at = 8 + len(data)
    entries, behind = b"", b""
    begin = at + 2 + 12 * len(tags) + 4
    for number in sorted(tags):
        kind, values = tags[number]
        packed = values if kind == 2 else struct.pack("<%d%s" % (len(values), codes[kind]), *values)
        count = len(packed) // sizes[kind]
        if len(packed) > 4:
            entries += struct.pack("<HHII", number, kind, count, begin + len(behind))
            behind += packed + b"\0" * (len(packed) % 2)
        else:
            entries += struct.pack("<HHI", number, kind, count) + packed.ljust(4, b"\0")
    return (b"II*\0" + struct.pack("<I", at) + data + struct.pack("<H", len(tags)) + entries +
            struct.pack("<I", at if loops else 0) + behind)


def scene(side=300, offset=8, loops=False):
    """0.5 m a pixel, UTM 36N, grey ground with a bright thing of 7 x 3.5 m."""
    ground = random.Random(5)
    pixels = bytearray(100 + ground.randrange(9) for _ in range(side * side))
    for y in range(140, 147):
        pixels[y * side + 60:y * side + 74] = b"\xdc" * 14
    return tiff({256: (4, [side]), 257: (4, [side]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 273: (4, [offset]),
                 277: (3, [1]), 278: (4, [side]), 279: (4, [side * side]), 33550: (12, [0.5, 0.5, 0.0]),
                 33922: (12, [0, 0, 0, 500000.0, 3300000.0, 0]),
                 34735: (3, [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32636])}, bytes(pixels), loops)


def tiled_bomb(side=60000, tile=256):
    """442 kB that are 3.6 GB: every tile is the same few bytes."""
    packed = zlib.compress(b"\0" * tile * tile, 9)
    tiles = (-(-side // tile)) ** 2
    return tiff({256: (4, [side]), 257: (4, [side]), 258: (3, [8]), 259: (3, [8]), 262: (3, [1]), 277: (3, [1]),
                 322: (4, [tile]), 323: (4, [tile]), 324: (4, [8] * tiles), 325: (4, [len(packed)] * tiles)}, packed)


def mutated(data, seed, places=40):
    chance = random.Random(seed)
    out = bytearray(data)
    for _ in range(places):
        out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def write_pictures(folder, secret):
    """For the networks: pictures and what is called so."""
    refused = {
        "giant.jpg": b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", 65500, 65500) +
                     b"\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00",
        "giant.bmp": b"BM" + struct.pack("<IHHI", 1 << 20, 0, 0, 54) +
                     struct.pack("<IiiHHIIiiII", 40, 100000, 100000, 1, 24, 0, 0, 0, 0, 0, 0) + b"\0" * 64,
        "memory.png": black_png(20000, 20000),     # 400 MB, in 390 kB
        "processor.png": black_png(8192, 8192),    # decodes; searching it takes longer than is allowed
        "cut.png": good_png()[:90],
        "empty.png": b"",
        "script.svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://%s"/></svg>' % secret,
        "playlist.jpg": b"#EXTM3U\n#EXTINF:1,\nfile://%s\n" % secret,
    }
    may = {"good.png": good_png()}
    for seed in range(12):
        may["mutated%02d.png" % seed] = mutated(good_png(), seed, 6)
    write(folder, refused)
    write(folder, may)
    return set(refused), set(may)


def write_scenes(folder, secret, port):
    """For GDAL."""
    vrt = (b'<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1" '
           b'subClass="VRTRawRasterBand"><SourceFilename>%s</SourceFilename></VRTRasterBand></VRTDataset>')
    refused = {
        "vrt.tif": vrt % secret,
        "curl.tif": vrt % (b"/vsicurl/http://127.0.0.1:%d/x.tif" % port),
        "vrt.jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + vrt % secret,
        "bomb.tif": tiled_bomb(),
        "beyond.tif": scene(offset=1 << 30),
        "huge.tif": tiff({256: (4, [0xFFFFFFF0]), 257: (4, [0xFFFFFFF0]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]),
                          273: (4, [8]), 278: (4, [1]), 279: (4, [16])}, b"\0" * 16),
        "nitf.ntf": b"NITF02.10" + b"9" * 400,
        "cut.tif": scene()[:30],
    }
    may = {"good.tif": scene(), "loop.tif": scene(loops=True)}
    for seed in range(8):
        may["mutated%02d.tif" % seed] = mutated(scene(), seed, 400)
    write(folder, refused)
    write(folder, may)
    # Beside the good one what would move it.
    write(folder, {
        "good.tif.aux.xml": b"<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>40, 0.001, 0, 60, 0, -0.001</GeoTransform>"
                            b"</PAMDataset>",
        "good.tfw": b"0.001\n0\n0\n-0.001\n30\n51\n",
        "good.ovr": scene(),
    })
    return set(refused), set(may)


def write_videos(folder, secret, port, clip):
    """For FFmpeg. `clip` is a good transport stream with metadata; an MP4 is made of it by the program ffmpeg."""
    good = folder / "good.ts"
    good.write_bytes(pathlib.Path(clip).read_bytes())
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", str(good), "-map", "0:v", "-c", "copy", str(folder / "plain.mp4")],
                   check=True)
    stream, mp4 = good.read_bytes(), (folder / "plain.mp4").read_bytes()
    segments = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n%s\n#EXT-X-ENDLIST\n"
    refused = {
        "playlist.ts": segments % (b"file://" + secret),
        "playlist.mp4": segments % (b"file://" + bytes(good)),
        "remote.ts": segments % (b"http://127.0.0.1:%d/x.ts" % port),
        "concat.mp4": b"ffconcat version 1.0\nfile %s\n" % secret,
        "concat.mkv": b"ffconcat version 1.0\nfile http://127.0.0.1:%d/x.mkv\n" % port,
        "dash.mp4": b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://127.0.0.1:%d/</BaseURL></MPD>' % port,
        "elsewhere.mp4": mp4.replace(b"url \0\0\0\x01", b"url \0\0\0\0"),
        "cut.mp4": mp4[:200],
        "noise.ts": bytes(random.Random(1).randrange(256) for _ in range(20000)),
        "sync.ts": (b"\x47" + b"\xff" * 187) * 200,
        "ebml.mkv": b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + b"\xff" * 200,
    }
    may = {"half.ts": stream[:len(stream) // 2]}
    for seed in range(6):
        may["mutated%d.ts" % seed] = mutated(stream, seed, 300)
        may["mutated%d.mp4" % seed] = mutated(mp4, seed, 60)
    write(folder, refused)
    write(folder, may)
    return set(refused), set(may) | {"good.ts", "plain.mp4"}


def write(folder, files):
    for name, data in files.items():
        (pathlib.Path(folder) / name).write_bytes(data)
