//! Threads where there are some: rayon behind the feature `multicore`, plain loops without it. Results never depend
//! on the number of threads.

#[cfg(feature = "multicore")]
use rayon::prelude::*;

/// `f` of every item, in order.
pub(crate) fn map<T: Sync, U: Send>(items: &[T], f: impl Fn(&T) -> U + Sync + Send) -> Vec<U> {
    #[cfg(feature = "multicore")]
    return items.par_iter().map(f).collect();
    #[cfg(not(feature = "multicore"))]
    return items.iter().map(f).collect();
}

/// `f` of every number below `count`, in order.
pub(crate) fn range<U: Send>(count: usize, f: impl Fn(usize) -> U + Sync + Send) -> Vec<U> {
    #[cfg(feature = "multicore")]
    return (0..count).into_par_iter().map(f).collect();
    #[cfg(not(feature = "multicore"))]
    return (0..count).map(f).collect();
}

/// `f` of every item, in place.
pub(crate) fn each<T: Send>(items: &mut [T], f: impl Fn(&mut T) + Sync + Send) {
    #[cfg(feature = "multicore")]
    items.par_iter_mut().for_each(f);
    #[cfg(not(feature = "multicore"))]
    items.iter_mut().for_each(f);
}

/// `f` of every chunk of `size` items (the last may be shorter) and the index of its first item.
pub(crate) fn chunks<T: Send>(
    items: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    #[cfg(feature = "multicore")]
    items.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i * size, chunk));
    #[cfg(not(feature = "multicore"))]
    items.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i * size, chunk));
}
