//! The server's sentences, from `locales/`, built into the program.
//!
//! Guarantees: a missing sentence is found at start, not when a learner waits for it.

use crate::error::ServerError;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use likeness_protocol::verification::{IdType, Reason};

const SOURCES: [(&str, &str); 3] = [
    ("consent.ftl", include_str!("../../../../locales/en/consent.ftl")),
    ("mail.ftl", include_str!("../../../../locales/en/mail.ftl")),
    ("reasons.ftl", include_str!("../../../../locales/en/reasons.ftl")),
];

/// All sentences in English.
pub struct Words(FluentBundle<FluentResource>);

impl Words {
    /// Reads the built-in sentences and checks that every reason has its two.
    pub fn load() -> Result<Self, ServerError> {
        let language = "en".parse().map_err(|_| ServerError::Words("language tag".to_owned()))?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Isolation marks are for mixed directions on a screen; in a mail they are noise.
        bundle.set_use_isolating(false);
        for (name, source) in SOURCES {
            let resource = FluentResource::try_new(source.to_owned())
                .map_err(|(_, errors)| ServerError::Words(format!("{name}: {errors:?}")))?;
            bundle.add_resource(resource).map_err(|errors| ServerError::Words(format!("{name}: {errors:?}")))?;
        }
        let words = Self(bundle);
        for reason in Reason::ALL {
            words.reason(reason, &[])?;
        }
        Ok(words)
    }

    /// One sentence with its values filled in.
    pub fn say(&self, key: &str, values: &[(&'static str, FluentValue<'_>)]) -> Result<String, ServerError> {
        let missing = || ServerError::Words(format!("no sentence {key}"));
        let pattern = self.0.get_message(key).and_then(|message| message.value()).ok_or_else(missing)?;
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = self.0.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        if errors.is_empty() { Ok(text) } else { Err(ServerError::Words(format!("{key}: {errors:?}"))) }
    }

    /// What was wrong, and what to do: the same two sentences in mail, app and console.
    pub fn reason(&self, reason: Reason, id_types: &[IdType]) -> Result<[String; 2], ServerError> {
        let types = id_types.iter().map(|kind| kind.label.as_str()).collect::<Vec<_>>().join(", ");
        let values = [("types", FluentValue::from(if types.is_empty() { "none".to_owned() } else { types }))];
        let code = reason.as_str().replace('_', "-");
        Ok([self.say(&format!("reason-{code}-what"), &values)?, self.say(&format!("reason-{code}-do"), &values)?])
    }
}
