//! Laws of the evaluators over random cases, the decision suite, and documents of any size.

mod agree;
mod growth;
mod kinds;
mod suite;
