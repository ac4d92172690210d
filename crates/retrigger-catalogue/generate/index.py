"""Indexes by hash, read where they lie by `src/index.rs`."""

import struct

MASK = 0xFFFFFFFFFFFFFFFF
FACTOR = 0x9E3779B97F4A7C15


def hashed(state, text):
    """Of eight bytes at a time, bit 5 of each set, by which letters lose their case."""
    data = text.encode()
    for start in range(0, len(data), 8):
        number = int.from_bytes(data[start : start + 8].ljust(8, b"\0"), "little")
        state = (state ^ (number | 0x2020202020202020)) * FACTOR & MASK
        state ^= state >> 32
    return state


def seed(number):
    """Where a hash starts that is made under a number."""
    return (number + 1) * FACTOR & MASK


def order(hashes):
    """The numbers of hashes as they stand in an index: by the low bits."""
    last = buckets(len(hashes)) - 1
    return sorted(range(len(hashes)), key=lambda at: (hashes[at] & last, at))


def buckets(count):
    """How many buckets an index has: a power of two, for some eight entries each at most."""
    return 1 << max(0, count // 8 - 1).bit_length()


def index(hashes):
    """Of hashes in their order: where each bucket starts (u16, and the end of the last), then bits
    24 to 31 of each hash."""
    last = buckets(len(hashes)) - 1
    starts, marks = [0] * (last + 2), bytearray()
    for each in hashes:
        starts[(each & last) + 1] += 1
        marks.append(each >> 24 & 0xFF)
    for bucket in range(last + 1):
        starts[bucket + 1] += starts[bucket]
    return struct.pack(f"<{len(starts)}H", *starts) + marks
