//! Why a failed payout failed, in the words merchants act on: seven categories, found from the
//! resolution, who said no, and the rail. Apart from `resolution.rs` because the same resolution
//! means different things from different mouths.

use crate::resolution::Resolution::{self, *};
use bincode::{Decode, Encode};

/// Who said no.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Origin {
    /// This gateway, before submission.
    Platform,
    /// The merchant: it stopped or undid the payout.
    Merchant,
    /// The provider.
    Provider,
    /// The bank, mobile network or chain behind the provider.
    Network,
    /// The recipient's side.
    Recipient,
    /// The way to the provider.
    Transport,
}

impl Origin {
    /// All six.
    pub const ALL: [Origin; 6] = [
        Origin::Platform,
        Origin::Merchant,
        Origin::Provider,
        Origin::Network,
        Origin::Recipient,
        Origin::Transport,
    ];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Origin::Platform => "platform",
            Origin::Merchant => "merchant",
            Origin::Provider => "provider",
            Origin::Network => "network",
            Origin::Recipient => "recipient",
            Origin::Transport => "transport",
        }
    }
}

/// What kind of network carries the money; only mobile money changes a category.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Rail {
    /// A mobile network operator.
    MobileMoney,
    /// Banks, cards, wallets, chains.
    Other,
}

/// The seven failure categories.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Category {
    /// Refused before submission: an invalid field or a broken rule.
    Validation,
    /// The recipient can mend it.
    Recipient,
    /// The gateway or source account lacks funds.
    InsufficientFunds,
    /// The provider's error or refusal.
    Gateway,
    /// The mobile network's failure.
    Telco,
    /// Routing or credentials are misconfigured.
    MerchantConfig,
    /// This gateway's fault.
    Platform,
}

impl Category {
    /// The code as spelled on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Category::Validation => "VALIDATION_ERROR",
            Category::Recipient => "RECIPIENT_ERROR",
            Category::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Category::Gateway => "GATEWAY_ERROR",
            Category::Telco => "TELCO_ERROR",
            Category::MerchantConfig => "MERCHANT_CONFIG_ERROR",
            Category::Platform => "PLATFORM_ERROR",
        }
    }

    /// The category of a failure. Total: every resolution, from every origin, on every rail.
    pub const fn of(resolution: Resolution, origin: Origin, rail: Rail) -> Category {
        match origin {
            Origin::Platform => of_platform(resolution),
            Origin::Merchant => Category::Validation,
            Origin::Network if matches!(rail, Rail::MobileMoney) => of_mobile_network(resolution),
            Origin::Recipient => of_recipient(resolution),
            Origin::Provider | Origin::Network | Origin::Transport => of_provider(resolution),
        }
    }
}

/// What this gateway refused itself, before any provider heard of it.
const fn of_platform(resolution: Resolution) -> Category {
    match resolution {
        InvalidDetails | RequestError | InvalidAmount | DuplicatedId => Category::Validation,
        AntifraudError | LimitViolation | AccessDenied | OperationExpired => Category::Validation,
        InvalidMethod | InvalidCredentials | ForbiddenIp | SignatureError => {
            Category::MerchantConfig
        }
        AccessError => Category::MerchantConfig,
        InsufficientFunds => Category::InsufficientFunds,
        RecipientNotFound | InvalidRecipient => Category::Recipient,
        Ok | ConnectionError | ProviderInternalError | ConnectionTimeoutError => Category::Platform,
        GeneralError | Unknown | InvalidRequest | InternalError => Category::Platform,
        DeclinedError | GeneralFatalError | ProcessingError => Category::Platform,
    }
}

/// What a mobile network answered through the provider.
const fn of_mobile_network(resolution: Resolution) -> Category {
    match resolution {
        ConnectionError | ProviderInternalError | ConnectionTimeoutError => Category::Telco,
        GeneralError | Unknown | DeclinedError | GeneralFatalError => Category::Telco,
        OperationExpired | ProcessingError => Category::Telco,
        InvalidDetails | LimitViolation => Category::Recipient,
        Ok | InvalidRequest | RequestError | InvalidAmount | InvalidMethod => {
            of_provider(resolution)
        }
        InvalidCredentials | ForbiddenIp | SignatureError | DuplicatedId => of_provider(resolution),
        InsufficientFunds | AntifraudError | RecipientNotFound => of_provider(resolution),
        InvalidRecipient | InternalError | AccessError | AccessDenied => of_provider(resolution),
    }
}

/// What the recipient's side refused: mostly the recipient's to mend.
const fn of_recipient(resolution: Resolution) -> Category {
    match resolution {
        InvalidDetails | RecipientNotFound | InvalidRecipient | LimitViolation => {
            Category::Recipient
        }
        DeclinedError | OperationExpired | InvalidAmount => Category::Recipient,
        Ok | ConnectionError | ProviderInternalError | ConnectionTimeoutError => {
            of_provider(resolution)
        }
        GeneralError | Unknown | InvalidRequest | RequestError => of_provider(resolution),
        InvalidMethod | InvalidCredentials | ForbiddenIp | SignatureError => {
            of_provider(resolution)
        }
        DuplicatedId | InsufficientFunds | AntifraudError | InternalError => {
            of_provider(resolution)
        }
        AccessError | AccessDenied | GeneralFatalError | ProcessingError => of_provider(resolution),
    }
}

/// The default of the published table.
const fn of_provider(resolution: Resolution) -> Category {
    match resolution {
        Ok | ConnectionError | ProviderInternalError | ConnectionTimeoutError => Category::Gateway,
        GeneralError | Unknown | RequestError | InvalidAmount => Category::Gateway,
        AntifraudError | DeclinedError | LimitViolation | GeneralFatalError => Category::Gateway,
        OperationExpired | ProcessingError => Category::Gateway,
        InvalidDetails | RecipientNotFound | InvalidRecipient => Category::Recipient,
        InvalidRequest | DuplicatedId | InternalError => Category::Platform,
        InvalidMethod | InvalidCredentials | ForbiddenIp | SignatureError => {
            Category::MerchantConfig
        }
        AccessError | AccessDenied => Category::MerchantConfig,
        InsufficientFunds => Category::InsufficientFunds,
    }
}

/// What went wrong with one request, as the adapter understood it. Carries no recipient data.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Failure {
    /// The resolution of the request.
    pub resolution: Resolution,
    /// Who said no.
    pub origin: Origin,
    /// The provider's own code, as it spelled it.
    pub provider_code: Option<Box<str>>,
    /// The HTTP status, where there was one.
    pub http_status: Option<u16>,
}

impl Failure {
    /// A failure with nothing known beyond its resolution and origin.
    pub fn new(resolution: Resolution, origin: Origin) -> Failure {
        Failure { resolution, origin, provider_code: None, http_status: None }
    }

    /// The same with the provider's own code.
    pub fn with_code(mut self, code: impl Into<Box<str>>) -> Failure {
        self.provider_code = Some(code.into());
        self
    }

    /// The same with the HTTP status that carried it.
    pub fn with_http(mut self, status: u16) -> Failure {
        self.http_status = Some(status);
        self
    }
}
