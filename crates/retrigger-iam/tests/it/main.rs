//! Laws of the evaluators over random cases, the decision suite, and documents of any size.

mod agree;
mod cases;
mod denial;
mod differential;
mod generate;
mod growth;
mod kinds;
mod large;
mod laws;
mod limits;
mod misses;
mod mix;
mod naming;
mod rewrite;
mod suite;
mod unknown;
