//! Consent: what was shown is what is agreed to.

use likeness_protocol::text::Sha256Hex;
use likeness_protocol::verification::{ConsentReceipt, ConsentRequest, Policy};
use likeness_remote::SignedApi;

use crate::error::SubmissionError;

/// Records that the text of `policy` in `locale` was read and agreed to.
///
/// The text's hash is computed here and compared with the one the server names: a consent to a text that was changed on
/// its way to the screen is refused before anything is sent.
pub async fn give_consent(api: &SignedApi, policy: &Policy, locale: &str) -> Result<ConsentReceipt, SubmissionError> {
    let text = policy.texts.get(locale).ok_or(SubmissionError::PolicyTextMissing)?;
    if Sha256Hex::of(text.body.as_bytes()) != text.sha256 {
        return Err(SubmissionError::PolicyTextDiffers);
    }
    let request = ConsentRequest {
        policy_version: policy.version.clone(),
        text_hash: text.sha256.clone(),
        locale: locale.to_owned(),
    };
    let receipt = api.consent(&request).await?;
    if receipt.text_hash != text.sha256 || receipt.policy_version != policy.version {
        return Err(SubmissionError::PolicyTextDiffers);
    }
    Ok(receipt)
}
