//! End-to-end tests of the application, over HTTP and on both engines. The package contains only tests: see `tests/e2e`.
