//! The operators' page and the README as somebody follows them: each command that stands there is typed
//! into a shell, in order, beside a gateway or without one, and must do what it is for. A command that
//! nobody expects here, or that the page does not have any more, fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;
#[path = "../process/mod.rs"]
mod process;
mod steps;
mod world;

use page::{NO_COMMANDS, Page, key};
use std::time::Duration;
use steps::{OPERATING, OPERATING_NAMED, README, README_NAMED, Step, When};
use world::World;

/// Accounts by what the sandbox provider does with them; see docs/sandbox.md.
const PAID: &str = "DE89370400440532013000";
const NEVER_ARRIVES: &str = "DE87370400440000001016";

/// Whether there is everything that the pages use beside `bursar`.
fn has_tools() -> bool {
    let missing = ["curl", "sed"].into_iter().find(|tool| {
        let asked = std::process::Command::new(tool).arg("--version").output();
        asked.is_err()
    });
    if let Some(tool) = missing {
        println!("SKIPPED: the commands of the pages: {tool} is not installed");
        assert!(std::env::var_os("BURSAR_MUST_NOT_SKIP").is_none(), "{tool} is missing");
    }
    missing.is_none()
}

/// Every command of a page has its step and every step its command, in the page's order.
fn paired<'s>(commands: &[String], steps: &'s [Step]) -> Vec<(String, &'s Step)> {
    let on_page: Vec<&str> = commands.iter().map(|command| key(command)).collect();
    let expected: Vec<&str> = steps.iter().map(|(line, ..)| *line).collect();
    assert_eq!(on_page, expected, "the page's commands, and those that are tried here");
    commands.iter().cloned().zip(steps).collect()
}

/// Every command that the prose names begins one of the page's, or has a step of its own.
fn named<'s>(page: &Page, commands: &[String], steps: &'s [Step]) -> &'s [Step] {
    let begins = |span: &str| {
        let next = |rest: &str| rest.is_empty() || rest.starts_with(' ');
        commands.iter().any(|command| key(command).strip_prefix(span).is_some_and(next))
    };
    let own: Vec<&str> = page.named().into_iter().filter(|span| !begins(span)).collect();
    let expected: Vec<&str> = steps.iter().map(|(line, ..)| *line).collect();
    for span in &own {
        // `bursar restore` or `bursar snapshot export` alone is a name and no command.
        let is_name = span.chars().all(|letter| letter == ' ' || letter.is_ascii_lowercase());
        assert!(expected.contains(span) || is_name, "{span} is named and tried nowhere");
    }
    for line in &expected {
        assert!(own.contains(line), "{line} is not on the page");
    }
    steps
}

/// Types a command, holds its answer against what is expected, and gives it back. What is only read is asked for again
/// until it is so.
fn try_it(world: &mut World, command: &str, (line, when, says): &Step) -> String {
    let mut typed = world.typed(command);
    if line.starts_with("bursar restore --snapshot") && !typed.contains("--yes") {
        // A person would be asked, and would answer.
        typed = typed.replacen("--into", "--yes --into", 1);
    }
    for word in typed.split_whitespace().skip_while(|word| *word != "--into").skip(1).take(1) {
        world.clear(word);
    }
    match when {
        When::Never(why) => {
            println!("not run, because {why}: {line}");
            return String::new();
        }
        When::Serves => {
            world.serving(false);
            world.serves(&typed);
            return String::new();
        }
        When::Serving => world.serving(true),
        When::AtRest => world.serving(false),
    }
    let only_reads = line.starts_with("curl") && !command.contains("-d '");
    for again in (0..if only_reads { 500 } else { 1 }).rev() {
        let (code, said) = world.run(&typed);
        println!("$ {typed}\n{said}");
        assert_eq!(code, 0, "{typed}\n{said}");
        assert!(!said.contains("/problems/"), "{typed}\n{said}");
        if said.lines().any(|line| line.contains(says)) {
            return said;
        }
        assert!(again > 0, "{typed}\nsays nowhere {says:?}:\n{said}");
        std::thread::sleep(Duration::from_millis(20));
    }
    unreachable!("the last look has failed or returned");
}

#[test]
fn every_command_of_the_operators_page_does_what_it_is_for() {
    let page = Page::read("docs/operating.md");
    let commands = page.commands();
    let steps = paired(&commands, OPERATING);
    let besides = named(&page, &commands, OPERATING_NAMED);
    if !has_tools() {
        return;
    }
    let mut world = World::new();
    world.serving(true);
    let held = world.create(1, NEVER_ARRIVES);
    let paid = world.create(2, PAID);
    world.until(&held, "\"moderation_required\":true");
    world.until(&paid, "\"PROCESSED\"");
    world.let_stand("2026-11-20T09:30:00Z", jiff::Timestamp::now().to_string());
    world.let_stand("--to-seq 184000", "--to-seq 4");
    world.let_stand("diff 17 ", "diff 1 ");
    for (command, step) in steps {
        let is_about_held = command.starts_with("ID=") || command.contains("$ID");
        world.let_stand("po_…", if is_about_held { &held } else { &paid });
        try_it(&mut world, &command, step);
    }
    for step in besides {
        try_it(&mut world, step.0, step);
    }
}

#[test]
fn every_command_of_the_readme_does_what_it_is_for() {
    let page = Page::read("README.md");
    let commands = page.commands();
    let steps = paired(&commands, README);
    let both = [commands, Page::read("docs/operating.md").commands()].concat();
    let besides = named(&page, &both, README_NAMED);
    if !has_tools() {
        return;
    }
    let mut world = World::new();
    world.serving(true);
    for (command, step) in steps {
        let said = try_it(&mut world, &command, step);
        // What is made first is what the rest is about.
        if let Some((_, rest)) =
            said.split_once("\"id\":\"po_").filter(|_| command.contains("-d '"))
        {
            world.let_stand("po_…", format!("po_{}", &rest[..26]));
        }
    }
    for step in besides {
        try_it(&mut world, step.0, step);
    }
}

#[test]
fn every_block_is_commands_or_something_that_is_none() {
    for name in ["docs/operating.md", "README.md"] {
        for language in Page::read(name).languages() {
            let known = language == "sh" || NO_COMMANDS.contains(&language);
            assert!(known, "{name}: a block of {language:?} is tried by nobody");
        }
    }
}

#[test]
fn the_settings_of_the_operators_page_are_settings() {
    let mut world = World::new();
    let settings = Page::read("docs/operating.md").lines_of("toml").join("\n");
    world.write("page.toml", &settings);
    world.write("secret", "the secret of the store");
    let in_effect = "env -u BURSAR__LOG_ARCHIVE__URL \
        BURSAR__LOG_ARCHIVE__SECRET_ACCESS_KEY_FILE=secret bursar check-config --config page.toml";
    let (code, said) = world.run(in_effect);
    assert!(code == 0 && said.contains("s3://bucket/bursar"), "{said}");
    assert!(!said.contains("the secret of the store"), "{said}");
}

#[test]
fn the_shell_tells_how_a_command_ended_and_keeps_what_was_set() {
    let mut world = World::new();
    assert_eq!(world.run("A=$(echo 'b  c')").0, 0);
    let (code, said) = world.run("sh -c 'echo \"$1\"; echo wrong >&2; exit 3' sh \"$A\"  # a word");
    assert_eq!(code, 3);
    assert!(said.contains("b  c") && said.contains("wrong"), "{said}");
}
