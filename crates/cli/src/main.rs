//! `mainstay`: the binary of Mainstay without additions.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mainstay_cli::Allocator = mainstay_cli::Allocator;

fn main() -> ExitCode {
    mainstay_cli::run(mainstay_app::App::builder())
}
