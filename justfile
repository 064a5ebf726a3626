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

# so many histories of the simulated machine, from a seed on
simulate count="20000" first="0":
    SIM_SEEDS={{count}} SIM_FIRST={{first}} cargo test --test sim histories

# puts known bugs in, one by one: the simulation must catch each
mutations:
    .ci/mutations

# 200,000 rows while a fifth of all requests fails
storm:
    cargo test --release --test sim -- --ignored a_fifth
