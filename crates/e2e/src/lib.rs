//! End-to-end stories of the house, over HTTP and on both engines. There are only tests here: see `tests/e2e`.
