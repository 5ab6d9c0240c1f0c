//! Changed copies of known inputs.
//!
//! Half of the changes work on bytes and half on words of the format: a reader of JSON hardly ever sees anything
//! but its first error when bytes alone are changed.

use std::time::{SystemTime, UNIX_EPOCH};

/// Longest input made, in bytes; longer ones are for tests that measure.
const LONGEST_INPUT: usize = 4096;

/// Most changes between a known input and the one made of it.
const MOST_CHANGES: usize = 6;

/// Bytes at which readers turn: separators, quotes, ends of ranges, parts of UTF-8.
const TURNING: &[u8] = b"\0\n\r\t \"',-./0189:;<=>?[]_{}~\x7f\x80\xbf\xc3\xef\xff";

/// Makes inputs without end.
#[derive(Debug)]
pub struct Mutator {
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    random: Random,
}

impl Mutator {
    /// Changes `inputs`, with `words` to put in. Starts at another place of the same sequence each time; the
    /// input that breaks a target is kept, so the place is of no interest.
    pub fn new(inputs: Vec<Vec<u8>>, words: &[&str]) -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.subsec_nanos());
        Self::seeded(inputs, words, u64::from(nanos))
    }

    /// As [`Mutator::new`], from a known place.
    pub fn seeded(inputs: Vec<Vec<u8>>, words: &[&str], seed: u64) -> Self {
        let words = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        Self { inputs, words, random: Random(seed) }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.known_input();
        for _ in 0..=self.random.below(MOST_CHANGES) {
            self.change(&mut input);
        }
        input.truncate(LONGEST_INPUT);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.below(input.len() + 1);
        match self.random.below(10) {
            0 => self.replace(input, at),
            1 => input.insert(at, TURNING[self.random.below(TURNING.len())]),
            2 => input.truncate(at),
            3 => {
                let end = self.end_after(input, at);
                input.drain(at..end);
            }
            4 => {
                let end = self.end_after(input, at);
                let piece = input[at..end].to_vec();
                self.put(input, &piece);
            }
            5 => {
                let other = self.known_input();
                let from = self.random.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 => self.step_number(input),
            _ if self.words.is_empty() => self.replace(input, at),
            _ => {
                let word = self.words[self.random.below(self.words.len())].clone();
                self.put(input, &word);
            }
        }
    }

    fn known_input(&mut self) -> Vec<u8> {
        if self.inputs.is_empty() {
            Vec::new()
        } else {
            self.inputs[self.random.below(self.inputs.len())].clone()
        }
    }

    fn replace(&mut self, input: &mut [u8], at: usize) {
        let byte = if self.random.below(2) == 0 {
            TURNING[self.random.below(TURNING.len())]
        } else {
            self.random.any_byte()
        };
        if let Some(place) = input.get_mut(at) {
            *place = byte;
        }
    }

    fn put(&mut self, input: &mut Vec<u8>, piece: &[u8]) {
        let at = self.random.below(input.len() + 1);
        input.splice(at..at, piece.iter().copied());
    }

    /// Makes some digit another one: versions and counts are compared, not only read.
    fn step_number(&mut self, input: &mut [u8]) {
        let digits: Vec<usize> = (0..input.len()).filter(|index| input[*index].is_ascii_digit()).collect();
        if !digits.is_empty() {
            let place = digits[self.random.below(digits.len())];
            input[place] = b"0123456789"[self.random.below(10)];
        }
    }

    fn end_after(&mut self, input: &[u8], at: usize) -> usize {
        (at + self.random.below(64)).min(input.len())
    }
}

/// Numbers without a pattern that a parser could have.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn any_byte(&mut self) -> u8 {
        self.step().to_le_bytes()[0]
    }

    /// A number below `limit`; 0 for 0.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.step() % limit).unwrap_or_default()
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): one state word, every seed is good.
    fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
