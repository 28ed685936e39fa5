//! The recipient of a request, described from the methods' own declarations, so that a field that is
//! declared is a field that is documented.

use domain::method::{Method, Wanted};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{Object, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A recipient in a request: one object for each method.
pub struct RecipientDoc;

impl PartialSchema for RecipientDoc {
    fn schema() -> RefOr<Schema> {
        let one_of =
            Method::ALL.into_iter().fold(OneOfBuilder::new(), |all, method| all.item(of(method)));
        one_of.description(Some("To whom; the type must be the one that the method takes.")).into()
    }
}

impl ToSchema for RecipientDoc {
    fn name() -> std::borrow::Cow<'static, str> {
        "Recipient".into()
    }
}

fn of(method: Method) -> Object {
    let kind = method.recipient_kind().word();
    let word = text().enum_values(Some([kind])).build();
    let title = format!("{kind} (method {method})");
    let mut object =
        ObjectBuilder::new().title(Some(title)).property("type", word).required("type");
    for rule in method.fields() {
        let when = match rule.required {
            Wanted::AtCreation => " Required.",
            Wanted::BeforeSending => " Wanted before anything is sent; may be given later.",
            Wanted::Optional => "",
        };
        let description = format!("{}{when}", rule.description);
        object = object.property(rule.name(), text().description(Some(description)).build());
        if rule.required == Wanted::AtCreation {
            object = object.required(rule.name());
        }
    }
    object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false))).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
