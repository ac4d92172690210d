//! Sixteen bytes at a time, as a number whose lowest byte is the first: comparing them takes no
//! branches that a processor guesses wrong.

const ONES: u128 = u128::from_le_bytes([1; 16]);

/// The bytes from a place on; zeros after the last.
pub(crate) fn sixteen(bytes: &[u8], at: usize) -> u128 {
    let bytes = bytes.get(at..).unwrap_or_default();
    match bytes.first_chunk() {
        Some(all) => u128::from_le_bytes(*all),
        None => fewer(bytes),
    }
}

/// Of fewer than sixteen bytes. The first and the last of them are read at once, and some twice.
fn fewer(bytes: &[u8]) -> u128 {
    let count = bytes.len();
    let both = |first: u64, last: u64, size: usize| {
        u128::from(first) | u128::from(last) << (8 * (count - size))
    };
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return both(u64::from_le_bytes(*first), u64::from_le_bytes(*last), 8);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return both(u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into(), 4);
    }
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The first `count` bytes of `bytes`, and zeros.
pub(crate) fn first(bytes: u128, count: usize) -> u128 {
    if count < 16 { bytes & ((1 << (8 * count)) - 1) } else { bytes }
}

/// With the capital letters of ASCII made small.
pub(crate) fn lower(bytes: u128) -> u128 {
    let low = bytes & (ONES * 0x7f);
    // INVARIANT: no byte of either sum is over 0xff, so that none carries.
    let (from_a, after_z) = (low + ONES * (0x80 - 0x41), low + ONES * (0x80 - 0x5b));
    let is_capital = (from_a ^ after_z) & !bytes & (ONES * 0x80);
    bytes | is_capital >> 2
}

/// The places of those of the first `count` bytes that are `byte`.
pub(crate) fn equal_bytes(bytes: u128, byte: u8, count: usize) -> impl Iterator<Item = usize> {
    let apart = bytes ^ (ONES * u128::from(byte));
    let is_other = ((apart & (ONES * 0x7f)) + ONES * 0x7f) | apart;
    let mut left = first(!is_other & (ONES * 0x80), count);
    std::iter::from_fn(move || {
        let place = (left != 0).then(|| left.trailing_zeros() as usize / 8)?;
        left &= left - 1;
        Some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_no_other_byte_are_made_small() {
        for byte in 0..=255_u8 {
            let beside =
                [byte, b'A', 0xff, byte, 0, byte, b'Z', b'[', b'@', 1, 2, 3, 4, 5, 6, byte];
            let small = beside.map(|each| each.to_ascii_lowercase());
            assert_eq!(lower(u128::from_le_bytes(beside)), u128::from_le_bytes(small));
        }
    }

    #[test]
    fn bytes_are_found_where_they_are() {
        for byte in 0..=255_u8 {
            let mut beside = [byte.wrapping_add(1); 16];
            (beside[0], beside[7], beside[8], beside[15]) = (byte, byte, byte, byte);
            beside[1] = byte ^ 0x80;
            let number = u128::from_le_bytes(beside);
            assert_eq!(equal_bytes(number, byte, 16).collect::<Vec<_>>(), [0, 7, 8, 15]);
            assert_eq!(equal_bytes(number, byte, 8).collect::<Vec<_>>(), [0, 7]);
        }
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let bytes: [u8; 20] = std::array::from_fn(|at| 0xf0 | u8::try_from(at).unwrap());
        for at in 0..=21 {
            let mut expected = [0; 16];
            let rest = bytes.get(at..).unwrap_or_default();
            expected.iter_mut().zip(rest).for_each(|(mine, byte)| *mine = *byte);
            assert_eq!(sixteen(&bytes, at), u128::from_le_bytes(expected), "from {at}");
        }
    }
}
