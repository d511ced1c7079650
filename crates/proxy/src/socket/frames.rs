//! Where the frames of a WebSocket begin and end (RFC 6455, section 5.2). Their contents are not looked at, so extensions
//! may change them.

/// The longest part of a header that says how long the frame is: two bytes and a length of eight.
const LONGEST_LENGTH: usize = 10;
const CLOSE: u8 = 0x8;

/// Follows the frames in one direction.
#[derive(Default)]
pub(super) struct Frames {
    /// The beginning of the header.
    header: [u8; LONGEST_LENGTH],
    /// How many bytes of the header have passed, with the mask that `header` leaves out.
    passed: u8,
    /// How many bytes of the payload are still to come.
    payload: u64,
    is_closed: bool,
}

impl Frames {
    /// Whether a frame may begin here.
    pub(super) const fn is_between(&self) -> bool {
        self.passed == 0 && self.payload == 0
    }

    /// Whether a close frame has passed, or begun to. No other frame may follow it.
    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// All of these bytes pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = &bytes[self.step(bytes)..];
        }
    }

    /// Lets bytes pass up to the end of the current frame, and returns how many those are.
    pub(super) fn pass_frame(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while !self.is_between() && passed < bytes.len() {
            passed += self.step(&bytes[passed..]);
        }
        passed
    }

    /// At least one byte passes, and at most the rest of a header or of a payload.
    fn step(&mut self, bytes: &[u8]) -> usize {
        if self.payload > 0 {
            let step = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            self.payload -= step as u64;
            return step;
        }
        let at = usize::from(self.passed);
        if at < LONGEST_LENGTH {
            self.header[at] = bytes[0];
        }
        self.passed += 1;
        if at == 0 && bytes[0] & 0xf == CLOSE {
            self.is_closed = true;
        }
        if self.passed >= 2 && usize::from(self.passed) == self.header_bytes() {
            self.payload = self.payload_bytes();
            self.passed = 0;
        }
        1
    }

    /// Known from the second byte on.
    const fn header_bytes(&self) -> usize {
        let mask = if self.header[1] & 0x80 == 0 { 0 } else { 4 };
        mask + match self.header[1] & 0x7f {
            126 => 4,
            127 => LONGEST_LENGTH,
            _ => 2,
        }
    }

    fn payload_bytes(&self) -> u64 {
        let [_, length, rest @ ..] = self.header;
        match length & 0x7f {
            126 => u64::from(u16::from_be_bytes([rest[0], rest[1]])),
            127 => u64::from_be_bytes(rest),
            short => u64::from(short),
        }
    }
}

/// A close frame with this code and reason, which has at most 123 bytes. A client's is masked, a server's is not (RFC
/// 6455, sections 5.3 and 5.5.1).
pub(super) fn close_frame(code: u16, reason: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    let payload: Vec<u8> = code.to_be_bytes().into_iter().chain(reason.bytes()).take(125).collect();
    let length = u8::try_from(payload.len()).unwrap_or(125);
    let mut frame = vec![0x80 | CLOSE];
    match mask {
        None => {
            frame.push(length);
            frame.extend(payload);
        }
        Some(mask) => {
            frame.push(0x80 | length);
            frame.extend(mask);
            frame.extend(payload.into_iter().zip(mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
        }
    }
    frame
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(opcode: u8, is_masked: bool, length: usize) -> Vec<u8> {
        let mask = if is_masked { 0x80 } else { 0 };
        let mut frame = vec![0x80 | opcode];
        if length < 126 {
            frame.push(mask | u8::try_from(length).unwrap());
        } else if let Ok(length) = u16::try_from(length) {
            frame.push(mask | 0x7E);
            frame.extend(length.to_be_bytes());
        } else {
            frame.push(mask | 0x7F);
            frame.extend((length as u64).to_be_bytes());
        }
        frame.extend([7; 4].iter().take(if is_masked { 4 } else { 0 }));
        frame.extend(std::iter::repeat_n(0x88, length));
        frame
    }

    proptest! {
        #[test]
        fn the_end_of_each_frame_is_found_wherever_the_bytes_are_cut(
            lengths in prop::collection::vec((any::<bool>(), prop_oneof![0..130_usize, Just(65_536), Just(70_000)]), 1..4),
            cuts in prop::collection::vec(1..9_000_usize, 1..20),
        ) {
            let mut frames = Frames::default();
            for (is_masked, length) in lengths {
                let bytes = frame(2, is_masked, length);
                // Without a step there is no frame to end.
                frames.pass(&bytes[..1]);
                let (mut rest, mut cut) = (&bytes[1..], cuts.iter().cycle());
                while !rest.is_empty() {
                    prop_assert!(!frames.is_between());
                    let part = &rest[..rest.len().min(*cut.next().unwrap())];
                    prop_assert_eq!(frames.pass_frame(part), part.len());
                    rest = &rest[part.len()..];
                }
                prop_assert!(frames.is_between() && !frames.is_closed());
            }
        }
    }

    #[test]
    fn what_follows_the_frame_does_not_pass() {
        let mut frames = Frames::default();
        frames.pass(&frame(1, true, 10)[..3]);
        let rest = [&frame(1, true, 10)[3..], &frame(1, true, 5)].concat();
        assert_eq!(frames.pass_frame(&rest), 13);
        assert_eq!(frames.pass_frame(&rest[13..]), 0);
    }

    #[test]
    fn a_close_frame_is_one() {
        for mask in [None, Some([1, 2, 3, 4])] {
            let mut frames = Frames::default();
            let bytes = close_frame(4401, "signed_out", mask);
            frames.pass(&bytes);
            assert!(frames.is_closed() && frames.is_between(), "{bytes:?}");
            let payload: Vec<u8> = match mask {
                None => bytes[2..].to_vec(),
                Some(mask) => {
                    bytes[6..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
                }
            };
            assert_eq!(payload, [&[0x11, 0x31][..], b"signed_out"].concat());
        }
    }
}
