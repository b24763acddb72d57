//! Bytes that cross the boundary: borrowed slices in, owned buffers out.

use abi_stable::StableAbi;
use std::mem::ManuallyDrop;

/// Bytes that belong to somebody else and are valid for the duration of the call that passes them.
#[repr(C)]
#[derive(Debug, Clone, Copy, StableAbi)]
pub struct Slice {
    /// The first byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// How many bytes there are.
    pub len: usize,
}

// SAFETY: a `Slice` is a plain pointer and a length; reading through it is `unsafe` and up to the caller.
unsafe impl Send for Slice {}
// SAFETY: as above, there is no interior state.
unsafe impl Sync for Slice {}

impl Slice {
    /// No bytes.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
    };

    /// Borrows `bytes`; the caller keeps them alive for as long as the slice is used.
    pub const fn new(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// The bytes.
    ///
    /// # Safety
    /// `ptr` must point to `len` initialised bytes that stay valid and unchanged for `'a`.
    pub const unsafe fn as_bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 || self.ptr.is_null() {
            return &[];
        }
        // SAFETY: the caller vouches for pointer, length and lifetime.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// Bytes that are owned by the holder and know how to free themselves.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct Buf {
    /// The first byte; may be null when `len` is 0.
    pub ptr: *mut u8,
    /// How many bytes there are.
    pub len: usize,
    /// The capacity that `free` is told.
    pub cap: usize,
    /// Frees the memory; called once with `ptr`, `len` and `cap`. Null when there is nothing to free.
    pub free: Option<unsafe extern "C" fn(ptr: *mut u8, len: usize, cap: usize)>,
}

// SAFETY: a `Buf` is the only owner of its bytes, and `free` may be called on any thread (rule of the ABI).
unsafe impl Send for Buf {}
// SAFETY: shared access only reads.
unsafe impl Sync for Buf {}

impl Buf {
    /// No bytes, nothing to free.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null_mut(),
        len: 0,
        cap: 0,
        free: None,
    };

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: a `Buf` owns `len` initialised bytes at `ptr` until it is dropped (rule of the ABI).
        unsafe {
            Slice {
                ptr: self.ptr,
                len: self.len,
            }
            .as_bytes()
        }
    }

    /// The bytes as a vector: without a copy where this side allocated them, else copied.
    pub fn into_vec(self) -> Vec<u8> {
        let foreign = |free: unsafe extern "C" fn(*mut u8, usize, usize)| {
            free as usize != free_vec as *const () as usize
        };
        if self.free.is_none_or(foreign) {
            return self.as_bytes().to_vec();
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: `free_vec` of this very library marks a buffer that `From<Vec<u8>>` below took apart.
        unsafe { Vec::from_raw_parts(this.ptr, this.len, this.cap) }
    }
}

impl From<Vec<u8>> for Buf {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.capacity() == 0 {
            return Self::EMPTY;
        }
        let mut bytes = ManuallyDrop::new(bytes);
        Self {
            ptr: bytes.as_mut_ptr(),
            len: bytes.len(),
            cap: bytes.capacity(),
            free: Some(free_vec),
        }
    }
}

impl Drop for Buf {
    fn drop(&mut self) {
        if let Some(free) = self.free.take() {
            // SAFETY: the owner calls `free` once, with the values that it came with.
            unsafe { free(self.ptr, self.len, self.cap) }
        }
    }
}

unsafe extern "C" fn free_vec(ptr: *mut u8, len: usize, cap: usize) {
    // SAFETY: `ptr`, `len` and `cap` are those of the vector that `From<Vec<u8>>` took apart.
    drop(unsafe { Vec::from_raw_parts(ptr, len, cap) });
}

/// A list of owned buffers: the attachments of a reply.
#[repr(C)]
#[derive(Debug, StableAbi)]
pub struct BufList {
    /// The first buffer; may be null when `len` is 0.
    pub ptr: *mut Buf,
    /// How many buffers there are.
    pub len: usize,
    /// The capacity that `free` is told.
    pub cap: usize,
    /// Frees the buffers and the list; called once. Null when there is nothing to free.
    pub free: Option<unsafe extern "C" fn(ptr: *mut Buf, len: usize, cap: usize)>,
}

// SAFETY: the list is the only owner of its buffers, which are `Send`.
unsafe impl Send for BufList {}
// SAFETY: shared access only reads.
unsafe impl Sync for BufList {}

impl BufList {
    /// No buffers.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null_mut(),
        len: 0,
        cap: 0,
        free: None,
    };

    /// The buffers.
    pub fn as_slice(&self) -> &[Buf] {
        if self.len == 0 || self.ptr.is_null() {
            return &[];
        }
        // SAFETY: the list owns `len` initialised buffers at `ptr` (rule of the ABI).
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl From<Vec<Buf>> for BufList {
    fn from(buffers: Vec<Buf>) -> Self {
        if buffers.capacity() == 0 {
            return Self::EMPTY;
        }
        let mut buffers = ManuallyDrop::new(buffers);
        Self {
            ptr: buffers.as_mut_ptr(),
            len: buffers.len(),
            cap: buffers.capacity(),
            free: Some(free_list),
        }
    }
}

impl Drop for BufList {
    fn drop(&mut self) {
        if let Some(free) = self.free.take() {
            // SAFETY: the owner calls `free` once, with the values that it came with.
            unsafe { free(self.ptr, self.len, self.cap) }
        }
    }
}

unsafe extern "C" fn free_list(ptr: *mut Buf, len: usize, cap: usize) {
    // SAFETY: `ptr`, `len` and `cap` are those of the vector that `From<Vec<Buf>>` took apart.
    drop(unsafe { Vec::from_raw_parts(ptr, len, cap) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_survives_the_round_trip_without_a_copy() {
        let bytes = vec![1u8, 2, 3];
        let address = bytes.as_ptr();
        let back = Buf::from(bytes).into_vec();
        assert_eq!(back, [1, 2, 3]);
        assert_eq!(back.as_ptr(), address);
    }

    #[test]
    fn a_foreign_buffer_is_copied_and_freed_once() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static FREED: AtomicUsize = AtomicUsize::new(0);
        unsafe extern "C" fn free(_: *mut u8, len: usize, cap: usize) {
            assert_eq!((len, cap), (2, 7));
            FREED.fetch_add(1, Ordering::SeqCst);
        }
        let mut memory = [9u8, 8];
        let buf = Buf {
            ptr: memory.as_mut_ptr(),
            len: 2,
            cap: 7,
            free: Some(free),
        };
        assert_eq!(buf.into_vec(), [9, 8]);
        assert_eq!(FREED.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn empty_values_need_no_memory() {
        assert!(Buf::from(Vec::new()).as_bytes().is_empty());
        assert!(BufList::from(Vec::new()).as_slice().is_empty());
        // SAFETY: an empty slice is valid for any lifetime.
        assert!(unsafe { Slice::EMPTY.as_bytes() }.is_empty());
    }
}
