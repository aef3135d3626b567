//! The window on a server of its own, whose organisation signs people in with a provider that is not ours: oidc-provider, with its own keys, pages and
//! cookies. From no account to one, by keyboard, and back the next time.
//!
//! Needs what `npm ci` in `tests/peers/sign-in` installs; `cargo xtask test --suite journey` sees to that.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use likeness_protocol::text::Secret;
use likeness_server::{Running, Server, Settings, SystemClock, admin, settings::MailRoute};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::browser::{Browser, Page, behind};
use crate::folder::Folder;
use crate::organisation::{AT_HOME, Computer, HARBOUR, PASSWORD};

/// The provider's process; it ends when this is dropped.
struct Provider {
    process: Child,
    issuer: String,
    _said: BufReader<ChildStdout>,
}

impl Provider {
    fn start(callback: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let mut process = Command::new("node")
            .args(["provider.mjs", &port.to_string(), callback])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/sign-in"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Node starts");
        let mut said = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        while !line.starts_with("ready") {
            line.clear();
            let length = said.read_line(&mut line).expect("the provider says something");
            assert!(length > 0, "the provider did not start; `npm ci` in tests/peers/sign-in installs it");
        }
        Self { process, issuer: format!("http://127.0.0.1:{port}"), _said: said }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server with one organisation, whose domain is proven and whose people that provider knows.
async fn house(folder: &Folder) -> (Running, Provider) {
    let (data, keys) = (folder.path().join("server"), folder.path().join("keys"));
    for made in [&data, &keys] {
        std::fs::create_dir_all(made).expect("a folder of the test's own can be made");
    }
    let mails = MailRoute::Folder(folder.path().join("mails"));
    let settings = Settings::loopback(data.clone(), keys.join("kek"), mails);
    let running = Server::start(settings.clone(), SystemClock).await.expect("the server starts");
    let origin = running.origin().expect("a server has an address").origin().ascii_serialization();
    let provider = Provider::start(&format!("{origin}/v1/sso/callback"));

    let rules = admin::OrganisationPolicy { require_alt_email: false, ..Default::default() };
    let org = admin::add_organisation(&settings, "Harbour University", rules).await.expect("an organisation");
    admin::claim_domain(&settings, &org, HARBOUR).await.expect("a claim");
    // Nobody can publish a record for a name that ends in .example; how one is looked up is tested at the server.
    let database = SqliteConnectOptions::new().filename(data.join("likeness.sqlite"));
    let database = SqlitePool::connect_with(database).await.expect("the server's database can be opened");
    sqlx::query("UPDATE org_domains SET verified_at = 1 WHERE domain = $1")
        .bind(HARBOUR)
        .execute(&database)
        .await
        .expect("the domain counts as proven");
    database.close().await;
    let new = admin::NewProvider {
        org: Some(&org),
        kind: "oidc",
        issuer: &provider.issuer,
        client_id: "likeness-oidc",
        secret: &Secret::new("the provider's secret"),
        private_network: false,
    };
    admin::add_provider(&settings, new).await.expect("its provider");
    (running, provider)
}

/// The provider's own pages, as Ada: a sign-in and a consent, or only a consent where its cookie knows her still.
fn as_ada(browser: &mut Browser, link: &str) -> Page {
    let mut page = browser.open(link).expect("the server answers the browser");
    while page.address.path().starts_with("/interaction/") {
        page = browser.submit(&page, &[("login", "ada"), ("password", "any")]).expect("the provider leads on");
    }
    page
}

#[test]
#[ignore = "needs a display and Node: cargo xtask test --suite journey"]
fn a_provider_that_is_not_ours_signs_somebody_in_for_the_first_time_and_again_by_keyboard() {
    let folder = Folder::new("foreign-provider-server");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (running, provider) = runtime.block_on(house(&folder));
    let server = running.origin().expect("a server has an address").to_string();
    let mut browser = Browser::default();
    let mut computer = Computer::start(
        "foreign-provider",
        "Somebody without an account signs in through a provider that is not ours.",
        &[("LIKENESS_SERVER_URL", server)],
    );
    computer.go_to_sign_in();
    assert!(!computer.window.text().contains("Practice accounts"), "this is no practice");

    computer.step("the provider's page says no");
    let link = computer.go_to_the_browser(HARBOUR);
    let page = browser.open(&link).expect("the server answers the browser");
    let back = browser.open(&behind(&page, "Cancel")).expect("the provider leads back");
    assert!(back.text.contains("The sign-in was not finished."), "{}", back.text);
    computer.window.wait("the window says so too", |window| window.text().contains("was stopped in the browser"));

    computer.step("and then yes");
    let link = computer.find_again();
    let back = as_ada(&mut browser, &link);
    assert!(back.text.contains("Your browser has done its part."), "{}", back.text);
    computer.window.wait_for_heading("Do you have an account already?");
    computer.window.push("choose-new");
    computer.window.wait_for_heading("Create your account");
    assert_eq!(computer.window.script("return document.querySelector('#full-name').value"), "Ada Lovelace");
    computer.window.shoot("create-account");
    computer.window.fill("#alternative-email", "ada@mail.example");
    computer.window.fill("#password", PASSWORD);
    computer.window.enter();

    computer.step("the private address is proven later");
    computer.window.wait_for_heading("Confirm your e-mail address");
    computer.window.push("verify-later");
    computer.window.wait_for_heading(AT_HOME);
    computer.window.shoot("signed-in");

    computer.sign_out();
    computer.step("next time the provider knows her, and it goes straight in");
    let link = computer.go_to_the_browser("ada@harbour.example");
    as_ada(&mut browser, &link);
    computer.window.wait_for_heading(AT_HOME);

    drop(computer);
    drop(provider);
    runtime.block_on(running.stop()).expect("the server stops");
}
