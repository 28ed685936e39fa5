//! Whose rates this gateway converts by. Apart from `account.rs` because a source need not be a provider,
//! and from the configuration because a source has a clock and connections.

use super::account::Account;
use crate::cli::Failure;
use crate::config::{Config, RatesFrom};
use adapters::rates::{CachedRates, FixedRates, HttpRates, Now, RateSource, Rates};
use engine::clock::Clock;
use std::sync::Arc;

/// The sources that are configured, by this clock.
pub fn rates(config: &Config, account: &Account, clock: &Arc<dyn Clock>) -> Result<Rates, Failure> {
    let clock = clock.clone();
    let now: Now = Arc::new(move || clock.now());
    let cached = |source: Arc<dyn RateSource>| -> Arc<dyn RateSource> {
        Arc::new(CachedRates::new(source, config.rates.max_age, now.clone()))
    };
    let source: Arc<dyn RateSource> = match config.rates.source {
        // Each payout gets an offer of its own when it is sent; until then there is only this.
        RatesFrom::Provider => {
            return Ok(Rates { at_execution: None, asked: account.rates().map(cached) });
        }
        // Not cached: whoever wrote the table down is not asked whether it is still true.
        RatesFrom::Fixed => Arc::new(FixedRates::new(table(config)?, now())),
        RatesFrom::Http => {
            let source = HttpRates::new(config.rates.http(), now.clone());
            cached(Arc::new(source.map_err(|error| Failure::usage(format!("rates: {error}")))?))
        }
    };
    Ok(Rates { at_execution: Some(source.clone()), asked: Some(source) })
}

type Table = Vec<((domain::money::Currency, domain::money::Asset), rust_decimal::Decimal)>;

fn table(config: &Config) -> Result<Table, Failure> {
    let rows: Result<Table, String> = config.rates.table().collect();
    rows.map_err(|what| Failure::usage(format!("rates.fixed: {what}")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};
    use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
    use domain::money::Asset;
    use engine::clock::TurnedClock;
    use std::time::Duration;

    fn config(settings: &[(&'static str, &str)]) -> Config {
        let flag = |(key, value): &(&'static str, &str)| ("--set", *key, (*value).to_owned());
        load(&Inputs { flags: settings.iter().map(flag).collect(), ..Inputs::default() }).unwrap()
    }

    fn account() -> Account {
        let clock = Arc::new(VirtualClock::running());
        Account::with_rates(Arc::new(InlineSandbox::new(&SandboxSettings::default(), clock)))
    }

    fn built(config: &Config, account: &Account) -> Rates {
        let clock: Arc<dyn Clock> = Arc::new(TurnedClock::default());
        rates(config, account, &clock).unwrap()
    }

    #[actix_rt::test]
    async fn by_default_the_provider_converts_and_the_sandbox_tells() {
        let Rates { at_execution, asked } = built(&config(&[]), &account());
        assert!(at_execution.is_none());
        let asked = asked.unwrap();
        let told = asked.rate("EUR".parse().unwrap(), Asset::Btc).await.unwrap();
        assert_eq!((&*told.source, told.value), ("sandbox", "0.000016875".parse().unwrap()));
        assert_eq!(asked.max_age(), Some(Duration::from_secs(60)));
        let nobody = built(&config(&[]), &Account::none());
        assert!(nobody.at_execution.is_none() && nobody.asked.is_none());
    }

    #[actix_rt::test]
    async fn a_table_converts_and_is_told() {
        let table = [("rates.source", "fixed"), ("rates.fixed.EUR-BTC", "\"0.00001683\"")];
        let Rates { at_execution, asked } = built(&config(&table), &account());
        for source in [at_execution.unwrap(), asked.unwrap()] {
            let told = source.rate("EUR".parse().unwrap(), Asset::Btc).await.unwrap();
            assert_eq!((&*told.source, told.value), ("fixed", "0.00001683".parse().unwrap()));
            assert_eq!(source.max_age(), None);
        }
    }

    #[actix_rt::test]
    async fn an_address_converts_and_is_told_while_it_is_young() {
        let settings = [
            ("rates.source", "http"),
            ("rates.url", "https://rates.example.com/{from}"),
            ("rates.pointer", "/{to}"),
            ("rates.max_age", "5m"),
        ];
        let Rates { at_execution, asked } = built(&config(&settings), &account());
        for source in [at_execution.unwrap(), asked.unwrap()] {
            assert_eq!(source.name(), "rates.example.com");
            assert_eq!(source.max_age(), Some(Duration::from_secs(300)));
        }
    }
}
