//! The 27 resolutions: how one *request to the provider* ended. Apart from the statuses because a
//! resolution explains and never decides: the effect on the money does (`effect.rs`).

use bincode::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

/// What a resolution means for what follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// The request succeeded.
    Ok,
    /// Not final: the truth is still to be found out. Sets moderation at once.
    Error,
    /// Final for this request.
    Fatal,
}

macro_rules! resolutions {
    ($( $name:ident = $number:tt, $code:literal, $group:ident, $message:literal; )*) => {
        /// How one request to the provider ended.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
        #[repr(u8)]
        pub enum Resolution {
            $( #[doc = $message] $name = $number, )*
        }

        impl Resolution {
            /// All 27, by number.
            pub const ALL: [Resolution; 27] = [ $( Resolution::$name, )* ];

            /// The code as spelled on the wire.
            pub const fn code(self) -> &'static str {
                match self { $( Resolution::$name => $code, )* }
            }

            /// Which of the three groups.
            pub const fn group(self) -> Group {
                match self { $( Resolution::$name => Group::$group, )* }
            }

            /// One sentence for a person.
            pub const fn message(self) -> &'static str {
                match self { $( Resolution::$name => $message, )* }
            }
        }
    };
}

resolutions! {
    Ok = 0, "OK", Ok, "The request succeeded.";
    ConnectionError = 1, "CONNECTION_ERROR", Error, "The provider could not be reached, or did not answer as itself.";
    ProviderInternalError = 2, "PROVIDER_INTERNAL_ERROR", Error, "The provider reported an internal error.";
    ConnectionTimeoutError = 3, "CONNECTION_TIMEOUT_ERROR", Error, "The provider did not answer in time.";
    GeneralError = 4, "GENERAL_ERROR", Error, "The provider reported a passing error.";
    Unknown = 5, "UNKNOWN", Error, "The provider's answer is not known to this gateway.";
    InvalidDetails = 6, "INVALID_DETAILS", Fatal, "The payout details are invalid.";
    InvalidRequest = 7, "INVALID_REQUEST", Fatal, "The provider does not understand this gateway's request.";
    RequestError = 8, "REQUEST_ERROR", Fatal, "The provider refused the request's data.";
    InvalidAmount = 9, "INVALID_AMOUNT", Fatal, "The amount is invalid or outside the route's limits.";
    InvalidMethod = 10, "INVALID_METHOD", Fatal, "The payout method is invalid or has no route.";
    InvalidCredentials = 11, "INVALID_CREDENTIALS", Fatal, "The provider account's credentials are invalid.";
    ForbiddenIp = 12, "FORBIDDEN_IP", Fatal, "The provider does not allow this gateway's address.";
    SignatureError = 13, "SIGNATURE_ERROR", Fatal, "The provider could not verify the request's signature.";
    DuplicatedId = 14, "DUPLICATED_ID", Fatal, "The provider already knows this operation id.";
    InsufficientFunds = 15, "INSUFFICIENT_FUNDS", Fatal, "The source account lacks sufficient funds.";
    AntifraudError = 16, "ANTIFRAUD_ERROR", Fatal, "The payout did not pass a fraud check.";
    DeclinedError = 17, "DECLINED_ERROR", Fatal, "The provider declined the payout without a known reason.";
    RecipientNotFound = 18, "RECIPIENT_NOT_FOUND", Fatal, "The recipient was not found.";
    InvalidRecipient = 19, "INVALID_RECIPIENT", Fatal, "The recipient is invalid or cannot be reached.";
    LimitViolation = 20, "LIMIT_VIOLATION", Fatal, "A payout limit was exceeded.";
    InternalError = 21, "INTERNAL_ERROR", Fatal, "This gateway failed before anything was sent.";
    AccessError = 22, "ACCESS_ERROR", Fatal, "The provider account lacks permission for this operation.";
    AccessDenied = 23, "ACCESS_DENIED", Fatal, "The user may not perform this operation.";
    GeneralFatalError = 24, "GENERAL_FATAL_ERROR", Fatal, "A critical error: going on makes no sense.";
    OperationExpired = 25, "OPERATION_EXPIRED", Fatal, "The operation expired.";
    ProcessingError = 26, "PROCESSING_ERROR", Fatal, "The provider failed while processing the payout.";
}

impl Resolution {
    /// The resolution with this number in the published table.
    pub fn from_number(number: u8) -> Option<Resolution> {
        Resolution::ALL.into_iter().find(|resolution| *resolution as u8 == number)
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A word that is none of the 27 codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of the 27 resolution codes")]
pub struct UnknownResolution;

impl FromStr for Resolution {
    type Err = UnknownResolution;
    fn from_str(text: &str) -> Result<Self, UnknownResolution> {
        Resolution::ALL.into_iter().find(|one| one.code() == text).ok_or(UnknownResolution)
    }
}
