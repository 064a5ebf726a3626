# Plain cargo works without just: each recipe is one command.

# run the real job against the stand-in
demo:
    cargo run --release -- delete fixtures/input/customers.csv --sandbox

# all tests
test:
    cargo test

# all that CI checks
check:
    .ci/run

# the figures of the README
bench:
    cargo bench

# look for inputs that break a parser: one of fuzz/fuzz_targets, for so many seconds
fuzz TARGET SECONDS="60":
    .ci/fuzz {{TARGET}} {{SECONDS}}
