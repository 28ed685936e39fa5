//! The binary `bursar`. Everything it does is in the library, where tests reach it.

use std::process::ExitCode;

/// Many small states on many threads: measured faster and no larger than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    web::cli::run()
}
