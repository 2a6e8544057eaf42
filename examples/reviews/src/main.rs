//! Mainstay with reviews of products.

#[global_allocator]
static ALLOCATOR: mainstay::Allocator = mainstay::Allocator;

fn main() -> std::process::ExitCode {
    mainstay::run(reviews::app())
}
