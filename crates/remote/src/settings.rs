//! The calls about somebody's own account: password, address, sign-ins, the data, the end.
//!
//! What could lock the owner out is refused with `step-up-required` after a sign-in of more than ten minutes ago.

use likeness_protocol::account::{
    AccountDeleted, EmailChangeConfirm, EmailChangeRequest, EmailChangeStarted, Export, Identities, Identity,
    PasswordChange, PasswordReset, PasswordResetRequest, PasswordResetStarted, Session, Sessions, SessionsEnded,
};
use likeness_protocol::text::Secret;
use reqwest::Method;

use crate::api::{Api, SignedApi, plain};
use crate::client::Call;
use crate::error::RemoteError;

impl Api {
    /// Asks for a code to replace a forgotten password. The answer does not tell whether the address has an account.
    pub async fn ask_password_reset(&self, email: &str) -> Result<PasswordResetStarted, RemoteError> {
        let request = PasswordResetRequest { email: email.to_owned() };
        self.wire().send(&Call::post("/v1/password-resets").json(&request)?).await?.json()
    }

    /// Sets a new password with the code from the mail, which ends every sign-in.
    pub async fn reset_password(&self, id: &str, code: Secret, password: Secret) -> Result<(), RemoteError> {
        let request = PasswordReset { id: id.to_owned(), code, password };
        self.wire().send(&Call::post("/v1/password-resets/confirm").json(&request)?).await?.accepted()
    }
}

impl SignedApi {
    /// Where the account is signed in, newest first.
    pub async fn sessions(&self) -> Result<Vec<Session>, RemoteError> {
        let sessions: Sessions = self.read(&Call::get("/v1/me/sessions")).await?.json()?;
        Ok(sessions.sessions)
    }

    /// Ends one sign-in.
    pub async fn end_session(&self, id: &str) -> Result<(), RemoteError> {
        self.send(&Call::new(Method::DELETE, format!("/v1/me/sessions/{}", plain(id)?))).await?.accepted()
    }

    /// Ends every sign-in but this one; gives how many.
    pub async fn end_other_sessions(&self) -> Result<u32, RemoteError> {
        let mut call = Call::new(Method::DELETE, "/v1/me/sessions");
        call.query = Some("others=true".to_owned());
        let ended: SessionsEnded = self.send(&call).await?.json()?;
        Ok(ended.ended)
    }

    /// Through whom else the account can be signed in to, the oldest first.
    pub async fn identities(&self) -> Result<Vec<Identity>, RemoteError> {
        let identities: Identities = self.read(&Call::get("/v1/me/identities")).await?.json()?;
        Ok(identities.identities)
    }

    /// Disconnects one of them.
    pub async fn disconnect_identity(&self, id: &str) -> Result<(), RemoteError> {
        self.send(&Call::new(Method::DELETE, format!("/v1/me/identities/{}", plain(id)?))).await?.accepted()
    }

    /// Changes the password, which ends every other sign-in.
    pub async fn change_password(&self, password: Secret) -> Result<(), RemoteError> {
        self.send(&Call::post("/v1/me/password").json(&PasswordChange { password })?).await?.accepted()
    }

    /// Asks to use another address; a code is mailed to it.
    pub async fn ask_email_change(&self, new_email: &str) -> Result<EmailChangeStarted, RemoteError> {
        let request = EmailChangeRequest { new_email: new_email.to_owned() };
        self.send(&Call::post("/v1/me/email-changes").json(&request)?).await?.json()
    }

    /// Uses the new address from now on.
    pub async fn confirm_email_change(&self, id: &str, code: Secret) -> Result<(), RemoteError> {
        let call = Call::post(format!("/v1/me/email-changes/{}/confirm", plain(id)?));
        self.send(&call.json(&EmailChangeConfirm { code })?).await?.accepted()
    }

    /// Drops a change of address that was asked for.
    pub async fn cancel_email_change(&self, id: &str) -> Result<(), RemoteError> {
        self.send(&Call::new(Method::DELETE, format!("/v1/me/email-changes/{}", plain(id)?))).await?.accepted()
    }

    /// What the server knows about the account.
    pub async fn export(&self) -> Result<Export, RemoteError> {
        self.read(&Call::get("/v1/me/export")).await?.json()
    }

    /// Deletes the account for good; the answer says what stays.
    pub async fn delete_account(&self) -> Result<AccountDeleted, RemoteError> {
        self.send(&Call::new(Method::DELETE, "/v1/me")).await?.json()
    }
}
