//! Histories and broken gateways by hand: see the usage.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use wsfn_guarantees::broken::Broken;
use wsfn_guarantees::{Log, Number, Violation, check, history};

const USAGE: &str = "\
guarantees run SEED           prints the log of a history in memory, and what it breaks
guarantees check FILE         reads such a log and says what it breaks
guarantees count SEEDS        in how many histories in memory each promise was tried; goes to tests/guarantees/held.md
guarantees processes SEEDS    the same with the real gateway, as processes; goes to tests/guarantees/survived.md
guarantees hunt NUMBER SEEDS  looks for a history that breaks this promise
guarantees prove [NAME..]     builds broken gateways and hunts there; goes to tests/guarantees/proved.md
";

/// In how many histories a broken gateway has to be caught.
const SEEDS: u64 = 1000;
/// What the table says of one that the checker took for a good one.
const NOT_CAUGHT: &str = "not caught";
/// The same of those with processes, which take seconds.
const SEEDS_WITH_KILLS: u64 = 30;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["run", seed] => seed.parse().map_err(|_| USAGE.into()).and_then(run),
        ["count", seeds] => seeds.parse().map_err(|_| USAGE.into()).and_then(count),
        #[cfg(target_os = "linux")]
        ["processes", seeds] => seeds.parse().map_err(|_| USAGE.into()).and_then(processes),
        ["check", file] => checked(file),
        ["hunt", number, seeds] => match (Number::named(number), seeds.parse()) {
            (Some(number), Ok(seeds)) => hunt(number, seeds),
            _ => Err(USAGE.into()),
        },
        ["prove", ref names @ ..] => prove(names),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(text) => {
            // Whoever has enough closes the pipe.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

type Done = Result<String, String>;

fn verdict(log: &Log) -> String {
    let verdicts = check(log);
    let mut text = String::new();
    for violation in verdicts.violations() {
        text.push_str(&violation.to_string());
        text.push('\n');
    }
    text
}

fn run(seed: u64) -> Done {
    let log = history::run(seed);
    let broken = verdict(&log);
    if broken.is_empty() {
        return Ok(log.to_lines());
    }
    print!("{}", log.to_lines());
    Err(broken)
}

fn checked(file: &str) -> Done {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    match verdict(&Log::from_lines(&text)?) {
        broken if broken.is_empty() => Ok("nothing is broken\n".into()),
        broken => Err(broken),
    }
}

fn count(seeds: u64) -> Done {
    let mut held: BTreeMap<Number, u64> = BTreeMap::new();
    for seed in 0..seeds {
        let log = history::run(seed);
        let verdicts = check(&log);
        if !verdicts.violations().is_empty() {
            return Err(format!("seed {seed}:\n{}", verdict(&log)));
        }
        for number in Number::ALL {
            *held.entry(number).or_default() += u64::from(verdicts.tried(number) > 0);
        }
    }
    let mut text = format!(
        "# Held in memory\n\nWritten by `cargo run -p wsfn-guarantees -- count {seeds}`: of that many histories, in how \
         many each promise could\nhave been broken. It was in none.\n\n| number | histories |\n|---|---|\n"
    );
    for (number, count) in held {
        text.push_str(&format!("| {number} | {count} |\n"));
    }
    let path = repository().join("tests/guarantees/held.md");
    fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

#[cfg(target_os = "linux")]
fn processes(seeds: u64) -> Done {
    use wsfn_guarantees::processes::{Programs, hold};

    let programs = Programs::build(&repository().join("Cargo.toml"))?;
    let held = hold(0..seeds, &programs)?;
    let mut text = format!(
        "# Held by the real gateway\n\nWritten by `cargo run -p wsfn-guarantees -- processes {seeds}`: of that many \
         histories with real processes, sockets and\nkills, in how many each promise could have been broken. It was in \
         none.\n\n| number | histories |\n|---|---|\n"
    );
    for (number, count) in held {
        text.push_str(&format!("| {number} | {count} |\n"));
    }
    let path = repository().join("tests/guarantees/survived.md");
    fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

fn hunt(number: Number, seeds: u64) -> Done {
    #[cfg(target_os = "linux")]
    if number == Number::D5 {
        return hunt_with_kills(number, seeds);
    }
    for seed in 0..seeds {
        if let Some(violation) = broken(&history::run(seed), number) {
            return Ok(format!("{seed}\n{violation}\n"));
        }
    }
    Err(format!("{number} held in {seeds} histories"))
}

fn broken(log: &Log, number: Number) -> Option<Violation> {
    let verdicts = check(log);
    let mut broken = verdicts.violations().iter();
    broken.find(|violation| violation.number == number).cloned()
}

/// Nothing is killed in memory.
#[cfg(target_os = "linux")]
fn hunt_with_kills(number: Number, seeds: u64) -> Done {
    use wsfn_guarantees::processes::{Behind, Programs, run};

    let programs = Programs::build(&repository().join("Cargo.toml"))?;
    let folder = std::env::temp_dir().join(format!("wsfn-hunt-{}", std::process::id()));
    for seed in 0..seeds {
        let log = run(seed, Behind::Http, &programs, &folder)?;
        // The next one has it for itself.
        let _ = fs::remove_dir_all(&folder);
        if let Some(violation) = broken(&log, number) {
            return Ok(format!("{seed}\n{violation}\n"));
        }
    }
    Err(format!("{number} held in {seeds} histories"))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn prove(names: &[&str]) -> Done {
    let repository = repository();
    let all = Broken::all(&repository.join("tests/guarantees/broken"))?;
    let path = repository.join("tests/guarantees/proved.md");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let copy = Copy::make(&repository)?;
    let mut rows = Vec::new();
    for broken in &all {
        let seed = if names.is_empty() || names.contains(&&*broken.name) {
            let caught = copy.hunt(broken)?;
            let found = caught.as_deref().unwrap_or(NOT_CAUGHT);
            println!("{}: {found}", broken.name);
            found.lines().next().unwrap_or_default().to_owned()
        } else {
            seed_of(&before, &broken.name)
        };
        rows.push((broken, seed));
    }
    fs::write(&path, table(&rows)).map_err(|error| format!("{}: {error}", path.display()))?;
    match rows.iter().any(|(_, seed)| seed == NOT_CAUGHT) {
        true => Err("a broken gateway was not caught".into()),
        false => Ok(String::new()),
    }
}

/// What the table of an earlier run says of a broken gateway.
fn seed_of(table: &str, name: &str) -> String {
    let row = table.lines().find(|row| row.contains(&format!("`{name}`")));
    let seed = row.and_then(|row| row.trim_end_matches(" |").rsplit("| ").next());
    seed.unwrap_or(NOT_CAUGHT).to_owned()
}

fn table(rows: &[(&Broken, String)]) -> String {
    let mut text = format!(
        "# Broken on purpose, and caught\n\nWritten by `cargo run -p wsfn-guarantees -- prove`: of each gateway in \
         `broken`, the first seed in whose history\nthe checker sees that the promise is broken: of {SEEDS} in memory, for D5 of {SEEDS_WITH_KILLS} with processes.\n\n\
         | number | broken gateway | how | caught in seed |\n|---|---|---|---|\n"
    );
    for number in Number::ALL {
        let own: Vec<_> = rows
            .iter()
            .filter(|(broken, _)| broken.number == number)
            .collect();
        if own.is_empty() {
            text.push_str(&format!("| {number} | none | unproved | |\n"));
        }
        for (broken, seed) in own {
            text.push_str(&format!(
                "| {number} | `{}` | {} | {seed} |\n",
                broken.name, broken.how
            ));
        }
    }
    text
}

/// The gateway and what is needed to run histories with it, as a workspace of its own.
struct Copy {
    original: PathBuf,
    root: PathBuf,
}

impl Copy {
    fn make(repository: &Path) -> Result<Self, String> {
        let root = std::env::temp_dir().join(format!("wsfn-broken-{}", std::process::id()));
        let copy = Self {
            original: repository.to_owned(),
            root,
        };
        for part in ["macros", "runtime", "tests/guarantees"] {
            copy.folder(&repository.join(part), &copy.root.join(part))?;
        }
        copy.file("Cargo.lock")?;
        let manifest = copy.read("Cargo.toml")?;
        let members = "members = [\"macros\", \"runtime\", \"runtime/protocol\", \"runtime/settings\", \
                       \"runtime/gateway\", \"runtime/cli\", \"tests/guarantees\"]";
        let (Some(begin), Some(end)) = (
            manifest.find("members = ["),
            manifest.find("[workspace.package]"),
        ) else {
            return Err("Cargo.toml: no members, or no [workspace.package] behind them".into());
        };
        let manifest = format!("{}{members}\n\n{}", &manifest[..begin], &manifest[end..]);
        copy.write("Cargo.toml", &manifest)?;
        Ok(copy)
    }

    /// Builds it as it is broken, and looks for a history that shows it; what was found.
    fn hunt(&self, broken: &Broken) -> Result<Option<String>, String> {
        let files = broken.apply(&self.original)?;
        for (path, text) in &files {
            self.write(path, text)?;
        }
        let target = self.original.join("target/broken");
        let seeds = match broken.number {
            Number::D5 => SEEDS_WITH_KILLS,
            _ => SEEDS,
        };
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["run", "--quiet", "--offline", "-p", "wsfn-guarantees", "--"])
            .args(["hunt", &broken.number.to_string(), &seeds.to_string()])
            .current_dir(&self.root)
            .env(
                "CARGO_TARGET_DIR",
                std::env::var_os("CARGO_TARGET_DIR")
                    .map_or(target, |set| PathBuf::from(set).join("broken")),
            )
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()
            .map_err(|error| format!("cargo: {error}"))?;
        for (path, _) in &files {
            self.file(path)?;
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        match errors.contains(&format!("{} held in ", broken.number)) {
            true => Ok(None),
            false => Err(format!("{}: {errors}", broken.name)),
        }
    }

    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.original.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        fs::write(self.root.join(path), text).map_err(|error| format!("{path}: {error}"))
    }

    fn file(&self, path: &str) -> Result<(), String> {
        self.write(path, &self.read(path)?)
    }

    fn folder(&self, from: &Path, to: &Path) -> Result<(), String> {
        let failed = |error: io::Error| format!("{}: {error}", from.display());
        fs::create_dir_all(to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let to = to.join(entry.file_name());
            if entry.file_type().map_err(failed)?.is_dir() {
                self.folder(&entry.path(), &to)?;
            } else {
                fs::copy(entry.path(), to).map_err(failed)?;
            }
        }
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // Left behind it is rubbish in a folder for that.
        let _ = fs::remove_dir_all(&self.root);
    }
}
