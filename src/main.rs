//! The front door: parse, build the runtime, run, leave with a code.

use std::{
    cell::Cell,
    io::IsTerminal,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use tollgate::{
    cli::{self, Parsed},
    config::{self, Surroundings},
    error::{Error, Exit},
    progress::Screen,
    run,
    telemetry::{self, LogFormat},
};

fn main() -> ExitCode {
    let screen = Screen::standard();
    let logs = Cell::new(LogFormat::Human);
    let left = catch_unwind(AssertUnwindSafe(|| enter(&screen, &logs)));
    let exit = match left {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            run::lament(&error, logs.get(), &screen);
            error.exit()
        }
        // The panic's own words stand on stderr already.
        Err(_) => Exit::Internal,
    };
    ExitCode::from(exit.code())
}

fn enter(screen: &Screen, logs: &Cell<LogFormat>) -> Result<Exit, Error> {
    let environment = |name: &str| std::env::var(name).ok();
    let typed: Vec<_> = std::env::args_os().collect();
    let colour = telemetry::colour(telemetry::ColourChoice::Auto, std::io::stdout().is_terminal(), &environment);
    let cli = match cli::parse(typed, colour)? {
        Parsed::Job(cli) => *cli,
        Parsed::Words(text) => return screen.data(&text).map(|()| Exit::Success),
    };
    let around = Surroundings {
        environment: &environment,
        stderr_is_terminal: std::io::stderr().is_terminal(),
        seed: run::seed(),
        fingerprint_key: run::fingerprint_key(),
    };
    let config = config::configure(cli, &around)?;
    logs.set(config.voice.log.format);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Exit::Internal, format!("the runtime cannot be built: {error}")))?;
    runtime.block_on(run::perform(config, screen.clone()))
}
