//! What a restore will do and has done, in words and figures. Apart because somebody decides by it.

use super::source::Source;
use crate::cli::Output;
use crate::config::Config;
use crate::render::TimeOut;
use crate::serve::sandbox_settings;
use adapters::provider::Lists;
use engine::restore::{Carried, Plan};
use engine::tally::Tally;
use serde_json::{Value, json};
use std::path::Path;

/// The plan.
pub fn plan(plan: &Plan, source: &Source, into: Option<&Path>, config: &Config, output: &Output) {
    if output.is_read_as_text() {
        for line in lines(plan, source, into).into_iter().chain(lists(plan, config)) {
            eprintln!("{line}");
        }
    }
}

fn lines(plan: &Plan, source: &Source, into: Option<&Path>) -> Vec<String> {
    let at = TimeOut(plan.lost_from);
    let mut lines = vec![format!("to record {} of {}, written {at}", plan.through, plan.end)];
    if let Some(into) = into {
        lines.push(format!("into {}", into.display()));
    }
    lines.extend(source.note.clone().or(plan.damage.clone()));
    let mut part = |title: &str, tally: &Tally| {
        if tally.count() > 0 {
            lines.push(format!("{title}: {} payouts", tally.count()));
            lines.extend(rows(tally));
        }
    };
    part("at that time", &plan.kept);
    if plan.end > plan.through {
        part("at the end of what can be read", &plan.present);
    }
    part("sent or stopped since, and carried over", plan.carried());
    part("may have been sent since, and held until a provider has said", plan.suspects());
    part("sent by that time, and asked about as ever", plan.in_doubt());
    part("made since and never sent: forgotten, and made again by their keys", plan.forgotten());
    if plan.differing > 0 {
        lines.push(format!("{} payouts differ", plan.differing));
    }
    for (id, then, now) in &plan.examples {
        let then = then.map_or("not there", |status| status.code());
        lines.push(format!("    {id}: {then}, later {}", now.code()));
    }
    lines.push(match (plan.known, plan.quarantined()) {
        (true, 0) => {
            "what was sent since is known; nothing has to be asked before it is sent".into()
        }
        (true, held) => format!("what was sent since is known: {held} payouts are asked about"),
        (false, held) => format!(
            "what was sent since is not known: {held} payouts, and every new one for a while, are \
             asked about before they are sent"
        ),
    });
    lines
}

/// Which accounts will be asked for what they paid in the lost time, where nobody else knows.
fn lists(plan: &Plan, config: &Config) -> Vec<String> {
    if plan.known {
        return Vec::new();
    }
    let caps = sandbox_settings(config).caps();
    let told = |lists: &Lists| {
        let since = match lists.reaches_back {
            None => String::new(),
            Some(reach) => format!(", which reaches back {} hours", reach.as_secs() / 3_600),
        };
        format!(
            "what was paid since and is forgotten is looked for in the list of {}{since}",
            caps.account
        )
    };
    let nobody = || {
        format!(
            "{} offers no list: what it paid since and is forgotten is not looked for",
            caps.account
        )
    };
    vec![caps.lists.as_ref().map_or_else(nobody, told)]
}

fn rows(tally: &Tally) -> Vec<String> {
    let row = |row: engine::tally::TallyRow| {
        let (status, currency) = (row.status.code(), row.currency.code());
        format!("    {status:<20} {:>10}  {} {currency}", row.count, row.amount)
    };
    tally.rows().map(row).collect()
}

/// What was done, and what to do next.
pub fn carried(plan: &Plan, carried: &Carried, into: &Path, config: &Config, output: &Output) {
    let mut text = format!(
        "{} holds everything up to record {}, and {} records that the restore added",
        into.display(),
        plan.through,
        carried.added
    );
    if let Some(anchor) = &config.store.anchor {
        text += &format!(
            "; its anchor is {}: put it in the place of {anchor} before you serve",
            into.join("anchor").display()
        );
    }
    text += &format!("; next: bursar serve --data-dir {}", into.display());
    let mut answer = json(plan);
    answer["into"] = json!(into.display().to_string());
    answer["added"] = json!(carried.added);
    output.say(&text, &answer);
}

/// The plan for programs.
pub fn json(plan: &Plan) -> Value {
    let tally = |tally: &Tally| {
        let rows: Vec<Value> = tally
            .rows()
            .map(|row| {
                json!({
                    "status": row.status.code(),
                    "currency": row.currency.code(),
                    "count": row.count,
                    "amount": row.amount.to_string(),
                })
            })
            .collect();
        json!(rows)
    };
    json!({
        "through": plan.through,
        "end": plan.end,
        "lost_from": TimeOut(plan.lost_from).to_string(),
        "epoch": plan.epoch,
        "known": plan.known,
        "damage": plan.damage,
        "kept": tally(&plan.kept),
        "present": tally(&plan.present),
        "carried": tally(plan.carried()),
        "orphans": plan.orphans(),
        "suspects": tally(plan.suspects()),
        "in_doubt": tally(plan.in_doubt()),
        "forgotten": tally(plan.forgotten()),
        "differing": plan.differing,
        "quarantined": plan.quarantined(),
    })
}
