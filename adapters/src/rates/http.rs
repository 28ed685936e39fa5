//! Rates from any address that answers with JSON: a template says where to ask, a pointer where the
//! number stands. Apart from `json` and `number`, which read the answer; here is what may be asked,
//! and how.
//!
//! The address may hold a key. It is shown nowhere: not in errors, and not with `{:?}`.

use super::json::{self, Missing};
use super::{NoRate, Now, RateSource, number};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use reqwest::header::ACCEPT;
use reqwest::{Client, Response, Url};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// No answer with a rate in it is longer.
const BODY_MAX: usize = 64 * 1024;

/// How far another clock may be ahead of ours before its times are not believed.
const AHEAD_MAX: Duration = Duration::from_secs(60);

/// Where the currency's code goes, and where the asset's ticker.
const PLACES: [&str; 2] = ["{from}", "{to}"];

/// Where and how to ask.
#[derive(Clone, Debug)]
pub struct HttpRatesSettings {
    /// The address, with `{from}` and `{to}` where the pair goes.
    pub url: SecretString,
    /// The RFC 6901 pointer to the number in the answer; may have `{from}` and `{to}` as well.
    pub pointer: String,
    /// The pointer to the time since when the rate holds: RFC 3339, or seconds since 1970. None: the
    /// rate holds since it was asked for.
    pub time_pointer: Option<String>,
    /// The number is the price of one unit of the asset.
    pub invert: bool,
    /// How long one question may take.
    pub timeout: Duration,
}

/// Nobody can be asked like that.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSource {
    /// The address.
    #[error(
        "expected an address such as https://rates.example.com/v1/latest?base={{from}}&symbol={{to}}, with {{from}} and {{to}} after the host only"
    )]
    Address,
    /// The address, again.
    #[error("expected an address that begins with https://; http:// is for this machine only")]
    Insecure,
    /// Address and pointer together.
    #[error(
        "neither the address nor the pointer has both {{from}} and {{to}} between them, so every pair would get the same rate"
    )]
    PairNotNamed,
    /// A pointer.
    #[error(
        "expected a JSON pointer (RFC 6901) such as \"/rates/{{to}}\"; empty: the answer is the number"
    )]
    Pointer,
    /// The pointer to the time.
    #[error("expected a JSON pointer (RFC 6901) such as \"/timestamp\"; empty: there is none")]
    TimePointer,
    /// The client.
    #[error("no HTTP client can be made")]
    Client,
}

impl HttpRatesSettings {
    /// Whether somebody can be asked like that.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), InvalidSource> {
        self.host().map(|_| ())
    }

    /// The host that is asked, for every pair the same.
    fn host(&self) -> Result<String, InvalidSource> {
        let template = self.url.expose_secret();
        let read =
            |from, to| Url::parse(&filled(template, from, to)).map_err(|_| InvalidSource::Address);
        let (one, other) = (read("EUR", "BTC")?, read("USD", "ETH")?);
        let host = one.host_str().ok_or(InvalidSource::Address)?;
        if one.origin() != other.origin() {
            return Err(InvalidSource::Address);
        }
        match one.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(InvalidSource::Insecure),
            _ => return Err(InvalidSource::Address),
        }
        if !PLACES.iter().all(|place| template.contains(place) || self.pointer.contains(place)) {
            return Err(InvalidSource::PairNotNamed);
        }
        if !json::is_pointer(&self.pointer) {
            return Err(InvalidSource::Pointer);
        }
        match &self.time_pointer {
            Some(pointer) if !json::is_pointer(pointer) => Err(InvalidSource::TimePointer),
            _ => Ok(host.to_owned()),
        }
    }
}

/// A source that is asked over HTTP. Its rates name the host as their source.
#[derive(Clone)]
pub struct HttpRates {
    asked: Arc<Asked>,
}

struct Asked {
    settings: HttpRatesSettings,
    host: String,
    client: Client,
    now: Now,
}

impl HttpRates {
    /// The source with these settings.
    ///
    /// # Errors
    /// Nobody can be asked like that.
    pub fn new(settings: HttpRatesSettings, now: Now) -> Result<HttpRates, InvalidSource> {
        let host = settings.host()?;
        // Directly, once, and to nobody else than was written down. No connection is kept: it would
        // live on the thread that asked first, and others ask as well.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(settings.timeout / 2)
            .timeout(settings.timeout)
            .build()
            .map_err(|_| InvalidSource::Client)?;
        Ok(HttpRates { asked: Arc::new(Asked { settings, host, client, now }) })
    }
}

impl RateSource for HttpRates {
    fn name(&self) -> &str {
        &self.asked.host
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        let asked = self.asked.clone();
        Box::pin(async move { asked.rate(from, to).await })
    }
}

impl Asked {
    async fn rate(&self, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let asked_at = (self.now)();
        let url = filled(self.settings.url.expose_secret(), from.code(), to.symbol());
        let question = self.client.get(url).header(ACCEPT, "application/json");
        // The error would repeat the address.
        let answer = question.send().await.map_err(|_| NoRate::Unreachable)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(NoRate::Refused { status });
        }
        let document = whole(answer).await?;
        let value = self.number_in(&document, from, to)?;
        let at = match self.time_in(&document, from, to)? {
            Some(at) if at.since((self.now)()) > AHEAD_MAX => {
                return Err(NoRate::Unreadable { what: "its time is in the future" });
            }
            Some(at) => at,
            None => asked_at,
        };
        Ok(Rate { from, to, value, source: self.host.as_str().into(), at })
    }

    /// Units of the asset for one unit of the currency. An inverted number has 28 digits after the
    /// point at most, and is rounded there.
    fn number_in(&self, document: &str, from: Currency, to: Asset) -> Result<Decimal, NoRate> {
        let pointer = filled(&self.settings.pointer, from.code(), to.symbol());
        let text = json::text_at(document, &pointer).map_err(unreadable)?;
        let what = "what the pointer leads to is not a decimal number that can be held exactly";
        let number = number::exact(&text).ok_or(NoRate::Unreadable { what })?;
        let value =
            if self.settings.invert { Decimal::ONE.checked_div(number) } else { Some(number) };
        value.filter(|value| *value > Decimal::ZERO).ok_or(NoRate::Invalid)
    }

    fn time_in(
        &self,
        document: &str,
        from: Currency,
        to: Asset,
    ) -> Result<Option<Timestamp>, NoRate> {
        let Some(pointer) = &self.settings.time_pointer else { return Ok(None) };
        let pointer = filled(pointer, from.code(), to.symbol());
        let text = json::text_at(document, &pointer).map_err(unreadable)?;
        let what = "its time is neither RFC 3339 nor seconds since 1970";
        time(&text).map(Some).ok_or(NoRate::Unreadable { what })
    }
}

fn unreadable(missing: Missing) -> NoRate {
    NoRate::Unreadable { what: missing.0 }
}

fn filled(template: &str, from: &str, to: &str) -> String {
    template.replace(PLACES[0], from).replace(PLACES[1], to)
}

/// Names of other machines may lead here too, but nobody vouches for that.
fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// The body, if it is text and not too long.
async fn whole(mut answer: Response) -> Result<String, NoRate> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoRate::Unreachable)? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(NoRate::Unreadable { what: "it is longer than 64 KiB" });
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| NoRate::Unreadable { what: "it is not UTF-8" })
}

/// A time as RFC 3339 has it, or as seconds since 1970; what is finer than microseconds is cut off.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(time.as_microsecond()));
    }
    let micros = number::exact(text)?.checked_mul(Decimal::from(1_000_000))?;
    i64::try_from(micros.trunc()).ok().map(Timestamp)
}
