//! What the numbers of messages or timers mean.
//!
//! Whoever gives the numbers knows which of them are in use: what a number meant is kept until it means
//! something else.

/// Values by number.
pub struct Contents<T>(Vec<Option<T>>);

impl<T> Contents<T> {
    pub fn new() -> Self {
        Contents(Vec::new())
    }

    /// From now on a number means this. It has been in use, or is the next that has not.
    pub fn put(&mut self, number: u32, value: T) {
        let at = number as usize;
        if at == self.0.len() {
            self.0.push(Some(value));
        } else {
            self.0[at] = Some(value);
        }
    }

    pub fn get(&self, number: u32) -> &T {
        let value = self.0[number as usize].as_ref();
        value.expect("it means something")
    }

    /// The last use of a number.
    pub fn take(&mut self, number: u32) -> T {
        let value = self.0[number as usize].take();
        value.expect("it means something")
    }
}
