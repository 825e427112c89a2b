//! What the host's record, the chains of runs, budgets and plans hold on a real disk.
//!
//! Owns the tests of tampering and of two processes at once. Must never look into SQL, but for breaking it.
