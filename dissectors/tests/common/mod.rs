//! Shared helpers for the tests of several protocols.

/// Returns a generator of pseudorandom numbers below a bound, the same in every run (xorshift64).
pub fn random() -> impl FnMut(usize) -> usize {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    move |below| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % below
    }
}
