//! `likeness-server`: the reference verification API as a program of its own.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through them")]

use likeness_protocol::{Secret, account::Role, discovery::Joining};
use likeness_server::{Server, ServerError, Settings, SystemClock, add_account, admin, migrate, openapi_json};
use std::{
    io::{self, BufRead, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};
use tracing_subscriber::EnvFilter;

const HELP: &str = "\
likeness-server: the reference verification API of Likeness

  likeness-server serve   --config server.toml     serve until Ctrl-C
  likeness-server migrate --config server.toml     bring the database to this version and end
  likeness-server user add --config server.toml --email ADDRESS --role learner|reviewer
                                                   make an account; the password is read from standard input
  likeness-server org add --config server.toml --name NAME [--jit allow|invite_only|deny] [--password-login allow|deny]
                             [--link-existing invitation|allow|deny] [--beside-social deny|allow]
                             [--private-address required|optional] [--exclusive no|yes] [--email-change allow|deny]
                                                   make an organisation and print its number
  likeness-server org domain add --config server.toml --org NUMBER --domain DOMAIN
                                                   claim a domain and print the DNS record that proves it
  likeness-server org domain prove --config server.toml --domain DOMAIN [--resolver ADDRESS:PORT]
                                                   look the record up; from then on people find the organisation
  likeness-server org idp add --config server.toml --org NUMBER --issuer URL --client-id ID [--private-network no|yes]
                                                   add its OpenID Connect provider; the secret is read from standard input
  likeness-server social add --config server.toml --kind google|apple|facebook --issuer URL --client-id ID
                                                   let people sign in with a social account; the secret is read from standard input;
                                                   for Facebook --issuer may be left out
  likeness-server idp secret --config server.toml --idp NUMBER
                                                   give a provider, an organisation's or a social account's, another secret from standard input
  likeness-server kiosk add --config server.toml --name NAME
                                                   register a computer that guests sign in at; prints its number and secret
  likeness-server org invite --config server.toml --org NUMBER --email ADDRESS [--days 14]
                                                   invite somebody and print link and code, which you pass on
  likeness-server openapi                          print the OpenAPI document
  likeness-server --help                           print this

server.toml, the least:

  listen = \"127.0.0.1:8780\"
  public_url = \"https://verify.corp.example\"
  data_dir = \"/var/lib/likeness\"
  kek_file = \"/etc/likeness/kek\"        # made at first start; outside data_dir; keep a copy apart from the backup

  [provider]
  name = \"Corp University\"
  terms_url = \"https://corp.example/terms\"
  privacy_url = \"https://corp.example/privacy\"
  help_address = \"help@corp.example\"

  [smtp]                                # or: mail = \"folder:/path\" above the sections, to try the server out
  host = \"mail.corp.example\"
  port = 465
  encryption = \"tls\"                    # tls, starttls; none only for a mail server on this machine
  from = \"Corp University <verify@corp.example>\"

Further keys: id_types, expected_review_hours, virtual_cameras = \"flag|block|allow\", trusted_proxies,
[smtp] user, password_file; [retention] unbound_upload_hours, rejected_media_days, approved_media_days;
[limits] max_bytes, capture_minutes, upload_hours, sessions_per_hour, submissions_per_day.
Environment: LIKENESS_KEK_FILE instead of kek_file; RUST_LOG for the log, which goes to standard error as JSON lines.

Ends with 0 when all is well, 2 when the command line or the settings are wrong, 1 when something else failed.";

/// What somebody typed.
enum Command {
    Help,
    OpenApi,
    Serve(PathBuf),
    Migrate(PathBuf),
    UserAdd { config: PathBuf, email: String, role: Role },
    IdpSecret { config: PathBuf, idp: String },
    KioskAdd { config: PathBuf, name: String },
    SocialAdd { config: PathBuf, kind: &'static str, issuer: String, client_id: String },
    Org { config: PathBuf, what: OrgCommand },
}

/// What is to be done about an organisation.
enum OrgCommand {
    Add { name: String, policy: admin::OrganisationPolicy },
    DomainAdd { org: String, domain: String },
    DomainProve { domain: String, resolver: Option<SocketAddr> },
    IdpAdd { org: String, issuer: String, client_id: String, private_network: bool },
    Invite { org: String, email: String, life: Duration },
}

/// Why the command line was not understood.
#[derive(Debug, thiserror::Error)]
enum WrongWords {
    #[error("there is no command `{0}`")]
    NoCommand(String),
    #[error("there is no option `{0}` here")]
    NoOption(String),
    #[error("{0} is missing")]
    Missing(String),
    #[error("{0} needs a value")]
    NoValue(String),
    #[error("--role is learner or reviewer")]
    NoRole,
    #[error("{option} is {expected}")]
    Wrong { option: &'static str, expected: &'static str },
}

fn main() -> ExitCode {
    let command = match parse(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(command) => command,
        Err(why) => {
            eprintln!("likeness-server: {why}\nTry: likeness-server --help");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("likeness-server: {error}");
            ExitCode::from(if matches!(error, ServerError::Settings(_) | ServerError::KeyFile { .. }) { 2 } else { 1 })
        }
    }
}

fn parse(words: &[String]) -> Result<Command, WrongWords> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["--help" | "-h" | "help", ..] => Ok(Command::Help),
        ["openapi"] => Ok(Command::OpenApi),
        ["serve", options @ ..] => Ok(Command::Serve(only_config(options)?)),
        ["migrate", options @ ..] => Ok(Command::Migrate(only_config(options)?)),
        ["user", "add", options @ ..] => user_add(options),
        ["org", words @ ..] => org(words),
        ["social", "add", options @ ..] => social_add(options),
        ["idp", "secret", options @ ..] => {
            known_only(options, &["--config", "--idp"])?;
            let config = PathBuf::from(option(options, "--config")?);
            Ok(Command::IdpSecret { config, idp: option(options, "--idp")?.to_owned() })
        }
        ["kiosk", "add", options @ ..] => {
            known_only(options, &["--config", "--name"])?;
            let config = PathBuf::from(option(options, "--config")?);
            Ok(Command::KioskAdd { config, name: option(options, "--name")?.to_owned() })
        }
        [other, ..] => Err(WrongWords::NoCommand((*other).to_owned())),
    }
}

fn option<'a>(options: &[&'a str], name: &str) -> Result<&'a str, WrongWords> {
    let at = options.iter().position(|word| *word == name).ok_or_else(|| WrongWords::Missing(name.to_owned()))?;
    options.get(at + 1).copied().ok_or_else(|| WrongWords::NoValue(name.to_owned()))
}

fn known_only(options: &[&str], names: &[&str]) -> Result<(), WrongWords> {
    match options.iter().step_by(2).find(|word| !names.contains(word)) {
        Some(stranger) => Err(WrongWords::NoOption((*stranger).to_owned())),
        None => Ok(()),
    }
}

fn only_config(options: &[&str]) -> Result<PathBuf, WrongWords> {
    known_only(options, &["--config"])?;
    option(options, "--config").map(PathBuf::from)
}

fn user_add(options: &[&str]) -> Result<Command, WrongWords> {
    known_only(options, &["--config", "--email", "--role"])?;
    let role = match option(options, "--role")? {
        "learner" => Role::Learner,
        "reviewer" => Role::Reviewer,
        _ => return Err(WrongWords::NoRole),
    };
    Ok(Command::UserAdd {
        config: PathBuf::from(option(options, "--config")?),
        email: option(options, "--email")?.to_owned(),
        role,
    })
}

fn social_add(options: &[&str]) -> Result<Command, WrongWords> {
    known_only(options, &["--config", "--kind", "--issuer", "--client-id"])?;
    let kind = match option(options, "--kind")? {
        "google" => "google",
        "apple" => "apple",
        "facebook" => "facebook",
        _ => return Err(WrongWords::Wrong { option: "--kind", expected: "google, apple or facebook" }),
    };
    let issuer = match optional(options, "--issuer")? {
        None if kind == "facebook" => admin::FACEBOOK,
        None => return Err(WrongWords::Missing("--issuer".to_owned())),
        Some(issuer) => issuer,
    };
    Ok(Command::SocialAdd {
        config: PathBuf::from(option(options, "--config")?),
        kind,
        issuer: issuer.to_owned(),
        client_id: option(options, "--client-id")?.to_owned(),
    })
}

fn org(words: &[&str]) -> Result<Command, WrongWords> {
    let owned = |options: &[&str], name: &str| option(options, name).map(str::to_owned);
    let (options, names, what): (&[&str], &[&str], _) = match words {
        ["add", options @ ..] => {
            let policy = organisation_policy(options)?;
            (
                options,
                &[
                    "--name",
                    "--jit",
                    "--password-login",
                    "--link-existing",
                    "--beside-social",
                    "--private-address",
                    "--exclusive",
                    "--email-change",
                ],
                OrgCommand::Add { name: owned(options, "--name")?, policy },
            )
        }
        ["domain", "add", options @ ..] => {
            let (org, domain) = (owned(options, "--org")?, owned(options, "--domain")?);
            (options, &["--org", "--domain"], OrgCommand::DomainAdd { org, domain })
        }
        ["domain", "prove", options @ ..] => {
            let expected = "an address and a port, for example 192.0.2.53:53";
            let resolver = optional(options, "--resolver")?
                .map(|text| {
                    text.parse::<SocketAddr>().map_err(|_| WrongWords::Wrong { option: "--resolver", expected })
                })
                .transpose()?;
            (
                options,
                &["--domain", "--resolver"],
                OrgCommand::DomainProve { domain: owned(options, "--domain")?, resolver },
            )
        }
        ["idp", "add", options @ ..] => {
            let (org, issuer) = (owned(options, "--org")?, owned(options, "--issuer")?);
            let client_id = owned(options, "--client-id")?;
            let private_network = either(options, "--private-network", ["no", "yes"], "yes or no")? == 1;
            (
                options,
                &["--org", "--issuer", "--client-id", "--private-network"],
                OrgCommand::IdpAdd { org, issuer, client_id, private_network },
            )
        }
        ["invite", options @ ..] => {
            let (org, email) = (owned(options, "--org")?, owned(options, "--email")?);
            let life = days(optional(options, "--days")?.unwrap_or("14"))?;
            (options, &["--org", "--email", "--days"], OrgCommand::Invite { org, email, life })
        }
        other => return Err(WrongWords::NoCommand(format!("org {}", other.first().unwrap_or(&"")))),
    };
    known_only(options, &[names, &["--config"]].concat())?;
    Ok(Command::Org { config: PathBuf::from(option(options, "--config")?), what })
}

fn optional<'a>(options: &[&'a str], name: &str) -> Result<Option<&'a str>, WrongWords> {
    if options.contains(&name) { option(options, name).map(Some) } else { Ok(None) }
}

fn organisation_policy(options: &[&str]) -> Result<admin::OrganisationPolicy, WrongWords> {
    let jit = match optional(options, "--jit")? {
        None | Some("allow") => Joining::Allow,
        Some("invite_only") => Joining::InviteOnly,
        Some("deny") => Joining::Deny,
        Some(_) => return Err(WrongWords::Wrong { option: "--jit", expected: "allow, invite_only or deny" }),
    };
    let (invitation, allow) = (admin::Linking::Invitation, admin::Linking::Allow);
    let link_existing = match optional(options, "--link-existing")? {
        None | Some("invitation") => invitation,
        Some("allow") => allow,
        Some("deny") => admin::Linking::Deny,
        Some(_) => {
            return Err(WrongWords::Wrong { option: "--link-existing", expected: "invitation, allow or deny" });
        }
    };
    Ok(admin::OrganisationPolicy {
        jit,
        password_login: either(options, "--password-login", ["allow", "deny"], "allow or deny")? == 0,
        link_existing,
        block_if_social_linked: either(options, "--beside-social", ["deny", "allow"], "deny or allow")? == 0,
        require_alt_email: either(options, "--private-address", ["required", "optional"], "required or optional")? == 0,
        exclusive: either(options, "--exclusive", ["no", "yes"], "yes or no")? == 1,
        email_change: either(options, "--email-change", ["allow", "deny"], "allow or deny")? == 0,
    })
}

/// Which of two words an option has; the first when it is not there.
fn either(options: &[&str], name: &'static str, words: [&str; 2], expected: &'static str) -> Result<usize, WrongWords> {
    let Some(word) = optional(options, name)? else { return Ok(0) };
    words.iter().position(|known| *known == word).ok_or(WrongWords::Wrong { option: name, expected })
}

fn days(text: &str) -> Result<Duration, WrongWords> {
    match text.parse::<u64>() {
        Ok(days @ 1..=365) => Ok(Duration::from_hours(24 * days)),
        _ => Err(WrongWords::Wrong { option: "--days", expected: "a number from 1 to 365" }),
    }
}

fn run(command: Command) -> Result<(), ServerError> {
    match command {
        Command::Help => {
            println!("{HELP}");
            Ok(())
        }
        Command::OpenApi => {
            print!("{}", openapi_json().map_err(|_| ServerError::Stored { what: "OpenAPI document" })?);
            Ok(())
        }
        Command::Serve(config) => on_runtime(serve(Settings::read(&config)?)),
        Command::Migrate(config) => {
            on_runtime(migrate(&Settings::read(&config)?))?;
            println!("The database is at this version.");
            Ok(())
        }
        Command::UserAdd { config, email, role } => {
            let settings = Settings::read(&config)?;
            let password = read_secret("Password: ")?;
            on_runtime(add_account(&settings, &email, &password, role))?;
            println!("The account is made.");
            Ok(())
        }
        Command::IdpSecret { config, idp } => {
            let settings = Settings::read(&config)?;
            let secret = read_secret("Client secret: ")?;
            on_runtime(admin::change_provider_secret(&settings, &idp, &secret))?;
            println!("The secret is changed.");
            Ok(())
        }
        Command::KioskAdd { config, name } => {
            let (id, secret) = on_runtime(admin::add_kiosk(&Settings::read(&config)?, &name))?;
            println!("client id: {id}\nclient secret: {}", secret.expose());
            Ok(())
        }
        Command::SocialAdd { config, kind, issuer, client_id } => {
            let settings = Settings::read(&config)?;
            let secret = &read_secret("Client secret: ")?;
            let (issuer, client_id) = (issuer.as_str(), client_id.as_str());
            let added = if kind == "facebook" {
                on_runtime(admin::add_facebook(&settings, issuer, client_id, secret))
            } else {
                let new = admin::NewProvider { org: None, kind, issuer, client_id, secret, private_network: false };
                on_runtime(admin::add_provider(&settings, new))
            };
            println!("{}", added?);
            Ok(())
        }
        Command::Org { config, what } => run_org(&Settings::read(&config)?, what),
    }
}

fn run_org(settings: &Settings, command: OrgCommand) -> Result<(), ServerError> {
    match command {
        OrgCommand::Add { name, policy } => {
            println!("{}", on_runtime(admin::add_organisation(settings, &name, policy))?);
        }
        OrgCommand::DomainAdd { org, domain } => {
            let claim = on_runtime(admin::claim_domain(settings, &org, &domain))?;
            println!(
                "Publish this DNS record, then run: likeness-server org domain prove\n{} TXT \"{}\"",
                claim.domain, claim.record
            );
        }
        OrgCommand::DomainProve { domain, resolver } => {
            on_runtime(admin::prove_domain(settings, &domain, resolver))?;
            println!("The domain is proven.");
        }
        OrgCommand::IdpAdd { org, issuer, client_id, private_network } => {
            let secret = &read_secret("Client secret: ")?;
            let (org, issuer, client_id) = (Some(org.as_str()), issuer.as_str(), client_id.as_str());
            let new = admin::NewProvider { org, kind: "oidc", issuer, client_id, secret, private_network };
            println!("{}", on_runtime(admin::add_provider(settings, new))?);
        }
        OrgCommand::Invite { org, email, life } => {
            let invitation = on_runtime(admin::invite(settings, &org, &email, life))?;
            println!("link: app.likeness:/invite?t={}\ncode: {}", invitation.token.expose(), invitation.code.expose());
        }
    }
    Ok(())
}

fn on_runtime<T>(work: impl Future<Output = Result<T, ServerError>>) -> Result<T, ServerError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt().json().with_writer(io::stderr).with_env_filter(filter).init();
    let runtime = tokio::runtime::Runtime::new().map_err(|source| ServerError::File {
        action: "start the runtime of",
        path: PathBuf::from("likeness-server"),
        source,
    })?;
    runtime.block_on(work)
}

async fn serve(settings: Settings) -> Result<(), ServerError> {
    let running = Server::start(settings, SystemClock).await?;
    println!("Serving {} on {}. Ctrl-C ends it.", running.origin()?, running.address());
    let failed =
        |source| ServerError::File { action: "wait for a signal to", path: PathBuf::from("likeness-server"), source };
    #[cfg(unix)]
    {
        let mut terminated =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.map_err(failed)?,
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(failed)?;
    running.stop().await
}

fn read_secret(prompt: &str) -> Result<Secret, ServerError> {
    let failed =
        |source| ServerError::File { action: "read a secret from", path: PathBuf::from("standard input"), source };
    eprint!("{prompt}");
    io::stderr().flush().map_err(failed)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(failed)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
