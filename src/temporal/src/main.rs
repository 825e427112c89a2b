//! The `sortie-temporal` program: hands over to the package's commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    sortie_temporal::program::main()
}
