# Plain cargo works without just: each recipe is one command.

# run the real job against the stand-in
demo:
    cargo run --release -- delete fixtures/input/customers.csv --sandbox

# all tests
test:
    cargo test

# more rounds of the program and a stand-in against whatever may befall them; another seed plays others
rounds count seed="1":
    TOLLGATE_ROUNDS={{count}} TOLLGATE_SEED={{seed}} cargo test --test it rounds -- --nocapture

# all that CI checks
check:
    .ci/run

# the figures of the README
bench:
    cargo bench

# the bill of materials (CycloneDX), under target/sbom
sbom:
    .ci/sbom

# look for inputs that break a parser: one of fuzz/fuzz_targets, for so many seconds
fuzz TARGET SECONDS="60":
    .ci/fuzz {{TARGET}} {{SECONDS}}

# so many further histories of the simulated machine, from a seed on: `cargo test` tells the first 20,000
simulate count="20000" first="20000":
    SIM_SEEDS={{count}} SIM_FIRST={{first}} cargo test --test sim histories

# puts known bugs in, one by one: the simulation must catch each
mutations:
    .ci/mutations

# what it costs when a fifth of all requests fails: 200,000 rows, and 10,000 each of failures of other kinds
storm:
    cargo test --test sim -- --nocapture a_fifth
