//! `bench growth`: what it costs that there are more and more finished payouts, and more and more merchants.
//! Every step begins with a directory of its own, so that what one measures is not in the next. Apart from
//! the other scenarios because it plays the same many times and judges what comes of it.

mod judgement;
mod keys;
mod pictures;
mod step;
mod stock;
mod weight;

use super::latency::grouped;
use super::plots::Curve;
use super::report::Figures;
use super::site::Site;
use crate::cli::Failure;
use judgement::Worse;
use serde_json::{Value, json};
use step::Step;
use stock::Stock;
use weight::Weight;

/// The first step in payouts, and of a quick run.
const FIRST: u64 = 1_000;
const FIRST_QUICK: u64 = 10;

/// So many payouts there are at most while merchants become more.
const OF_MERCHANTS_MAX: u64 = 100_000;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let args = site.args;
    let first = if args.quick { FIRST_QUICK } else { FIRST };
    let payouts = by_payouts(site, &steps(first, args.growth_payouts())).await?;
    let fixed = args.growth_payouts().min(OF_MERCHANTS_MAX);
    let merchants = by_merchants(site, fixed, &steps(1, args.growth_merchants())).await?;
    let mut lines = vec![format!("growth       an empty store: {}", payouts.floor.text())];
    lines.extend(payouts.steps.iter().map(|step| step.text("payouts", "the empty store's")));
    lines.push(format!("             merchants, with {} payouts in all:", grouped(fixed)));
    lines.extend(merchants.steps.iter().map(|step| step.text("merchants", "one merchant's")));
    let worse: Vec<&Worse> = payouts.worse.iter().chain(&merchants.worse).collect();
    lines.push(match worse.as_slice() {
        [] => "             no step is worse than linear".to_owned(),
        some => format!("             WORSE THAN LINEAR: {}", sentence(some)),
    });
    let json = json!({
        "name": "growth",
        "empty": payouts.floor.json(),
        "payouts": payouts.json(),
        "merchants": merchants.json(),
        "payouts_of_merchants": fixed,
        "worse_than_linear": worse
            .iter()
            .map(|worse| json!({ "figure": worse.figure, "at": worse.at, "why": worse.why }))
            .collect::<Vec<_>>(),
    });
    let mut figures = Figures::new(lines, json, payouts.sound() && merchants.sound());
    // A run that only shows that everything works is no judge of anything.
    if !worse.is_empty() && !args.quick {
        figures.findings.push(format!("worse than linear: {}", sentence(&worse)));
    }
    pictures::of_payouts(&payouts).into_iter().for_each(|one| figures.grows(one));
    pictures::of_merchants(&merchants).into_iter().for_each(|one| figures.grows(one));
    Ok(figures)
}

fn sentence(worse: &[&Worse]) -> String {
    worse.iter().map(|worse| worse.why.as_str()).collect::<Vec<_>>().join("; ")
}

/// Powers of ten from the first on, and the last as it was asked for.
fn steps(first: u64, last: u64) -> Vec<u64> {
    let tenfold = std::iter::successors(Some(first), |step| step.checked_mul(10));
    tenfold.take_while(|step| *step < last).chain([last]).collect()
}

/// Steps, and what there is of nothing.
struct Curves {
    floor: Weight,
    steps: Vec<Step>,
    worse: Vec<Worse>,
}

impl Curves {
    fn judged(floor: Weight, steps: Vec<Step>, of: &str) -> Curves {
        let worse = judgement::worse_than_linear(&steps, &floor, of);
        Curves { floor, steps, worse }
    }

    fn sound(&self) -> bool {
        self.steps.iter().all(|step| step.sound)
    }

    /// By the number, so that two runs can be compared.
    fn json(&self) -> Value {
        self.steps.iter().map(|step| (step.many.to_string(), step.json())).collect()
    }

    fn curve(&self, name: &str, figure: impl Fn(&Step) -> u64) -> Curve {
        Curve::new(name, self.steps.iter().map(|step| (step.many, figure(step))).collect())
    }
}

async fn by_payouts(site: &Site<'_>, counts: &[u64]) -> Result<Curves, Failure> {
    let nothing = Stock::make(site, 0, 1).await?;
    let (_, floor) = weight::weigh(site, &nothing).await?;
    drop(nothing);
    let mut steps = Vec::new();
    for count in counts {
        let stock = Stock::make(site, *count, 1).await?;
        let nothing = Stock::make(site, 0, 1).await?;
        steps.push(step::measure(site, *count, &stock, &nothing, true).await?);
    }
    Ok(Curves::judged(floor, steps, "payouts"))
}

/// The floor is what one merchant takes with as many payouts.
async fn by_merchants(site: &Site<'_>, fixed: u64, counts: &[u64]) -> Result<Curves, Failure> {
    let mut steps: Vec<Step> = Vec::new();
    for count in counts {
        let stock = Stock::make(site, fixed, *count).await?;
        let one = Stock::make(site, fixed, 1).await?;
        steps.push(step::measure(site, *count, &stock, &one, false).await?);
    }
    let floor = steps.first().map(|step| step.weight);
    let floor = floor.ok_or_else(|| Failure::failed("growth has no step in merchants"))?;
    Ok(Curves::judged(floor, steps, "merchants"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_tenfold_and_end_where_they_were_asked_to() {
        let table: [(u64, u64, &[u64]); 5] = [
            (1_000, 100_000, &[1_000, 10_000, 100_000]),
            (1_000, 30_000, &[1_000, 10_000, 30_000]),
            (1_000, 500, &[500]),
            (10, 200, &[10, 100, 200]),
            (1, 1, &[1]),
        ];
        for (first, last, wanted) in table {
            assert_eq!(steps(first, last), wanted);
        }
    }
}
