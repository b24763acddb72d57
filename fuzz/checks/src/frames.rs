//! Frames between a host and a module in another process.

use backplane_host::wire::Frame;

/// What is read as a frame is written as the same bytes.
///
/// # Panics
/// Where it is not.
pub fn frame_decoding(input: &[u8]) {
    let Ok(frame) = Frame::read(input) else { return };
    let mut written = Vec::new();
    frame.write(&mut written).expect("it was short enough to be read");
    let (length, body) = written.split_at(size_of::<u32>());
    assert_eq!(length, (input.len() as u32).to_le_bytes());
    assert_eq!(body, input);
}
