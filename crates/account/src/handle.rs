//! The door to the account: intents in, snapshots out. Cheap to clone; the owner behind it ends with the last clone.

use std::sync::Arc;

use likeness_protocol::text::Secret;
use likeness_remote::{Api, Authorisation, Credentials, Kiosk, Promised, RemoteError, SignedApi, StepAnswer};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot, watch};

use crate::actor::{self, Order};
use crate::error::AccountError;
use crate::flow::browser::{self, OpenUrl, OrganisationWish, Through};
use crate::state::Auth;
use crate::vault::{SecretStore, Slot, Vault};

/// Who is signed in, and the tokens that prove it.
#[derive(Clone)]
pub struct Account {
    api: Api,
    orders: mpsc::UnboundedSender<Order>,
    auth: watch::Receiver<Auth>,
}

impl Account {
    /// Starts the owner of the sign-in at one server. Nothing is read yet; call [`Account::restore`] next.
    ///
    /// Must be called inside a tokio runtime, which must outlive the handle.
    pub fn start(api: Api, store: Box<dyn SecretStore>, slot: Slot) -> Self {
        let (orders, auth) = actor::start(api.clone(), Vault::start(store), slot);
        Self { api, orders, auth }
    }

    /// The state now.
    pub fn snapshot(&self) -> Auth {
        self.auth.borrow().clone()
    }

    /// The state now and every later one; a slow reader sees the newest only.
    pub fn subscribe(&self) -> watch::Receiver<Auth> {
        self.auth.clone()
    }

    /// Looks for a saved sign-in and, when there is one, renews it. Gives the state this led to.
    ///
    /// Without a connection a saved sign-in still counts: the state is `SignedIn`, and calls fail until there is one.
    pub async fn restore(&self) -> Auth {
        // A refusal leaves the state as it is, and that is what is given back.
        let _ = self.order(|done| Order::Restore { done }).await;
        self.snapshot()
    }

    /// Signs in with an e-mail address and a password. Where the organisation of the address wants no passwords, `open` opens its page,
    /// and it goes on as with [`Account::sign_in_browser`].
    pub async fn sign_in_password(
        &self,
        email: &str,
        password: SecretString,
        open: Arc<dyn OpenUrl>,
    ) -> Result<(), AccountError> {
        let password = Secret::new(password.expose_secret());
        let email = email.trim().to_owned();
        self.order(|done| Order::SignIn { email, password, open, done }).await
    }

    /// Signs in through an organisation: finds it, opens the browser with `open`, waits for it for five minutes. Afterwards somebody is signed in,
    /// or the state is [`Auth::Interaction`] and [`Account::answer_step`] goes on.
    ///
    /// # Errors
    /// What the server says about the organisation, and [`AccountError`]'s own words about the browser.
    pub async fn sign_in_browser(&self, wish: OrganisationWish, open: Arc<dyn OpenUrl>) -> Result<(), AccountError> {
        let through = Through::Organisation(wish);
        self.order(|done| Order::SignInBrowser { through, open, done }).await
    }

    /// The same through a social account: `google`, `apple` or `facebook`, where the server's metadata offers it.
    ///
    /// # Errors
    /// As with [`Account::sign_in_browser`].
    pub async fn sign_in_social(&self, provider: &str, open: Arc<dyn OpenUrl>) -> Result<(), AccountError> {
        let through = Through::Social(provider.to_owned());
        self.order(|done| Order::SignInBrowser { through, open, done }).await
    }

    /// Signs a kiosk's guest in: shows a code for their phone as [`Auth::AwaitingGuest`] and waits until they have let this kiosk in. The sign-in
    /// is never renewed and ends by itself; start the account with a [`crate::vault::MemoryStore`], so that no keyring is touched.
    /// [`Account::cancel`] stops the wait.
    ///
    /// # Errors
    /// [`AccountError::Remote`] with `device-refused` when the guest pressed "no", `device-code-expired` when nobody came in five minutes,
    /// `unauthorized-client` when this computer is no registered kiosk.
    pub async fn sign_in_guest(&self, kiosk: Kiosk) -> Result<(), AccountError> {
        self.order(|done| Order::SignInGuest { kiosk, done }).await
    }

    /// Proves the existing account through a social account of it, in the step that asks for that proof.
    ///
    /// # Errors
    /// As with [`Account::sign_in_browser`]; then the step is as it was.
    pub async fn prove_via(&self, provider: &str, open: Arc<dyn OpenUrl>) -> Result<(), AccountError> {
        let provider = provider.to_owned();
        self.order(|done| Order::ProveVia { provider, open, done }).await
    }

    /// Connects a social account to the one that is signed in. The sign-in gets new tokens, as with [`Account::confirm_password`].
    /// Meanwhile [`Auth::SignedIn`] holds the browser that is out, and [`Account::cancel`] calls it back.
    ///
    /// # Errors
    /// [`AccountError::Remote`] with `step-up-required` after a sign-in of more than ten minutes ago, and what the server says about
    /// the two accounts; [`AccountError`]'s own words about the browser. The sign-in goes on as it was.
    pub async fn connect_social(&self, provider: &str, open: Arc<dyn OpenUrl>) -> Result<(), AccountError> {
        let outing = browser::prepare_connection(&self.api(), provider).await?;
        self.order(|done| Order::GoOut { outing: Box::new(outing), open, done }).await
    }

    /// What the app's own scheme brought: the query of [`crate::AppLink::Callback`]. Believed only if the browser that is out was sent for it.
    pub fn came_back(&self, query: Secret) {
        let _ = self.orders.send(Order::CameBack { query });
    }

    /// Opens the browser once more with the link that is waited for. Without a wait it does nothing.
    pub fn reopen_browser(&self) {
        let _ = self.orders.send(Order::ReopenBrowser);
    }

    /// Takes the step that [`Auth::Interaction`] names. A refusal leaves the step as it was, unless the whole sign-in has ended.
    pub async fn answer_step(&self, answer: StepAnswer) -> Result<(), AccountError> {
        self.order(|done| Order::AnswerStep { answer, done }).await
    }

    /// Forgets the sign-in here, then tells the server, for at most 3 s. Being offline does not keep anybody signed in.
    pub async fn sign_out(&self) -> Result<(), AccountError> {
        self.order(|done| Order::SignOut { done }).await
    }

    /// Proves anew who is signed in, before something that could lock them out. The sign-in gets new tokens, bound to the key it has already;
    /// its place in the keyring is kept, and the one before is ended at the server.
    ///
    /// # Errors
    /// [`AccountError::Remote`] with `invalid-credentials` for a wrong password: the sign-in goes on as it was.
    pub async fn confirm_password(&self, password: SecretString) -> Result<(), AccountError> {
        let password = Secret::new(password.expose_secret());
        self.order(|done| Order::Confirm { password, done }).await
    }

    /// The same in the browser, for somebody who has no password at hand: through the identity `identity` of their account, as the server lists it
    /// in [`SignedApi::identities`]; `label` is its name. It goes on as [`Account::connect_social`] does.
    ///
    /// # Errors
    /// [`AccountError::Remote`] with `another-person` when somebody else signed in there, `org-sso-unavailable` when the provider did not ask for
    /// the password again; [`AccountError`]'s own words about the browser. The sign-in goes on as it was.
    pub async fn confirm_through(
        &self,
        identity: &str,
        label: &str,
        open: Arc<dyn OpenUrl>,
    ) -> Result<(), AccountError> {
        let key = self.authorised().await?.key;
        let outing = browser::prepare_confirmation(&self.api, key, identity, label).await?;
        self.order(|done| Order::GoOut { outing: Box::new(outing), open, done }).await
    }

    /// Asks the server once more for the address of the account, which has changed.
    pub fn read_address(&self) {
        let _ = self.orders.send(Order::ReadAddress);
    }

    /// Stops a sign-in that is still talking to the server, waits for a browser or for a step. A browser that proves an existing account
    /// leaves the step it was opened in, one that connects a social account the sign-in. Its late answer is dropped, and revoked if it was a yes.
    pub fn cancel(&self) {
        let _ = self.orders.send(Order::Cancel);
    }

    /// Goes on without waiting for the keyring's dialog: signed out at a start, in memory only at a sign-in.
    pub fn skip_keyring(&self) {
        let _ = self.orders.send(Order::SkipKeyring);
    }

    /// "Unlock and try again": asks the keyring anew, for a saved sign-in when nobody is signed in, else to keep this one.
    pub async fn try_keyring_again(&self) -> Auth {
        let _ = self.order(|done| Order::TryKeyringAgain { done }).await;
        self.snapshot()
    }

    /// What signs a request now; renewed first when it is old. Any number of callers share one renewal.
    pub async fn authorised(&self) -> Result<Authorisation, RemoteError> {
        self.authorise(None).await
    }

    /// The server's interface, signed with this account's tokens.
    pub fn api(&self) -> SignedApi {
        self.api.signed(Arc::new(self.clone()))
    }

    async fn authorise(&self, refused: Option<Secret>) -> Result<Authorisation, RemoteError> {
        let (answer, receiver) = oneshot::channel();
        let _ = self.orders.send(Order::Authorise { refused, answer });
        receiver.await.unwrap_or(Err(RemoteError::SignedOut))
    }

    async fn order(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<(), AccountError>>) -> Order,
    ) -> Result<(), AccountError> {
        let (done, receiver) = oneshot::channel();
        let _ = self.orders.send(order(done));
        receiver.await.unwrap_or(Err(AccountError::Cancelled))
    }
}

impl Credentials for Account {
    fn current(&self) -> Promised<'_> {
        Box::pin(self.authorise(None))
    }

    fn renewed(&self, refused: Authorisation) -> Promised<'_> {
        Box::pin(self.authorise(Some(refused.access_token)))
    }
}
