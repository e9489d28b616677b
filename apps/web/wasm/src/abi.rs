//! The raw interface: pointers and lengths, 32 bits each.
//!
//! ```text
//! at = allocate(bytes)          for each argument, which the caller fills
//! reply = call(operation, list, count)    list: count pairs of pointer and length; takes the arguments
//! reply: ok (0 or 1), pointer, length; release_reply(reply) overwrites it and gives it back
//!                                      keep_reply(reply) leaves its block to the caller, as if allocated
//! ```
//!
//! Where there are hands, each has to call `hand()` for every call of an operation that [`shared_out`] names.
//!
//! The crate's only unsafe code. What crosses the border is a block that [`allocate`] gave and its length.
#![allow(unsafe_code)]

use std::{cell::RefCell, panic::PanicHookInfo};

use getrandom::register_custom_getrandom;
use zeroize::Zeroizing;
use zkdkim_plonk::progress::Progress;

use crate::{
    session::{Argument, Operation, Session},
    threads, Fault,
};

#[link(wasm_import_module = "page")]
extern "C" {
    /// Fills bytes with randomness; not 0 where there is none.
    fn random(at: *mut u8, bytes: usize) -> u32;
    /// A step begins, of so many parts; or, without a name, a part of it has begun.
    fn progress(name: *const u8, bytes: usize, number: u32);
    /// The text of a panic; the worker traps next.
    fn failed(text: *const u8, bytes: usize);
}

fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    // SAFETY: pointer and length are those of the slice.
    match unsafe { random(bytes.as_mut_ptr(), bytes.len()) } {
        0 => Ok(()),
        _ => Err(getrandom::Error::UNSUPPORTED),
    }
}

register_custom_getrandom!(fill);

/// Tells the page of the worker that runs the operation: the head, or the hand that took it.
struct Page;

impl Progress for Page {
    fn start(&self, step: &str, total: Option<u64>) {
        // SAFETY: pointer and length are those of the text.
        unsafe { progress(step.as_ptr(), step.len(), total.unwrap_or(1) as u32) };
    }

    fn advance(&self, done: u64) {
        // SAFETY: no text.
        unsafe { progress(std::ptr::null(), 0, done as u32) };
    }

    fn finish(&self) {}

    fn note(&self, _: &str) {}
}

fn report(info: &PanicHookInfo<'_>) {
    let text = info.to_string();
    // SAFETY: pointer and length are those of the text.
    unsafe { failed(text.as_ptr(), text.len()) };
}

/// What [`call`] returns.
#[repr(C)]
pub struct Reply {
    ok: u32,
    at: *mut u8,
    bytes: usize,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Makes this worker the head of so many hands; 1 where rayon refuses.
#[no_mangle]
pub extern "C" fn start(hands: usize) -> u32 {
    std::panic::set_hook(Box::new(report));
    u32::from(threads::head(hands).is_err())
}

/// Whether hands take part in an operation: 0 or 1.
#[no_mangle]
pub extern "C" fn shared_out(operation: u32) -> u32 {
    u32::from(Operation::from_number(operation).is_some_and(Operation::is_shared_out))
}

/// Makes this worker a hand for one operation.
#[no_mangle]
pub extern "C" fn hand() {
    threads::hand();
}

/// A block of zeros; null where there is no memory for it.
#[no_mangle]
pub extern "C" fn allocate(bytes: usize) -> *mut u8 {
    let mut block = Vec::new();
    if block.try_reserve_exact(bytes).is_err() {
        return std::ptr::null_mut();
    }
    block.resize(bytes, 0u8);
    Box::into_raw(block.into_boxed_slice()).cast()
}

/// Stack and thread-local data of a hand, aligned; never given back.
#[no_mangle]
pub extern "C" fn allocate_stack(bytes: usize) -> *mut u8 {
    const ALIGNMENT: usize = 16;
    let at = allocate(bytes + ALIGNMENT);
    if at.is_null() {
        return at;
    }
    at.wrapping_add(at.align_offset(ALIGNMENT))
}

/// Takes a block back.
///
/// # Safety
/// [`allocate`] gave the block for so many bytes, and nobody has it any more.
unsafe fn take(at: *mut u8, bytes: usize) -> Argument {
    let block = Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, bytes));
    Zeroizing::new(block.into_vec())
}

/// Runs an operation; see the module.
///
/// # Safety
/// `list` has `count` pairs of a block that [`allocate`] gave and its length, and was given by it as well.
#[no_mangle]
pub unsafe extern "C" fn call(operation: u32, list: *mut u8, count: usize) -> *mut Reply {
    let pairs = take(list, count * 8);
    let number = |at: usize| {
        let bytes = pairs.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes) as usize
    };
    let arguments: Vec<Argument> =
        (0..count).map(|i| take(number(8 * i) as *mut u8, number(8 * i + 4))).collect();
    let result = SESSION.with_borrow_mut(|session| match Operation::from_number(operation) {
        Some(operation) if operation.is_shared_out() => {
            let job = || session.call(operation, arguments, &Page);
            threads::share_out(job).unwrap_or_else(|e| Err(Fault::input("threads", e)))
        }
        Some(operation) => session.call(operation, arguments, &Page),
        None => Err(Fault::input("operation", "there is none of this number")),
    });
    let (ok, bytes) = match result {
        Ok(bytes) => (1, bytes),
        Err(fault) => (0, Zeroizing::new(fault.to_json().to_string().into_bytes())),
    };
    // A copy of the exact length, where it has not: to shrink the first would leave behind what nobody overwrites.
    let mut block = if bytes.capacity() == bytes.len() { bytes } else { bytes.clone() };
    let block = std::mem::take(&mut *block).into_boxed_slice();
    let bytes = block.len();
    Box::into_raw(Box::new(Reply { ok, at: Box::into_raw(block).cast(), bytes }))
}

/// Overwrites a reply and gives it back.
///
/// # Safety
/// [`call`] gave it, and nobody has it any more.
#[no_mangle]
pub unsafe extern "C" fn release_reply(reply: *mut Reply) {
    let Reply { at, bytes, .. } = *Box::from_raw(reply);
    drop(take(at, bytes));
}

/// Gives a reply back, but for its block: that is the caller's, as one of [`allocate`].
///
/// # Safety
/// [`call`] gave it, and nobody has it any more.
#[no_mangle]
pub unsafe extern "C" fn keep_reply(reply: *mut Reply) {
    drop(Box::from_raw(reply));
}
