#![cfg(test)]
#![cfg(unix)]
//! A program that is killed while it renews its sign-in is signed in when it starts again.
//!
//! Real processes: this binary starts itself as the client, which talks to a real server and to a keyring that is, as the system's is,
//! another process than the client; here it is the one that kills. Half of the kills fall into the start, half into a client that does nothing but renew.
//! Between two starts the server's clock moves on, by nothing, some seconds, hours or days: nobody has to start again soon.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use likeness_account::vault::{Keeps, SecretStore, Slot, VaultFault};
use likeness_account::{Account, Auth};
use likeness_protocol::time::UnixMs;
use likeness_remote::{Api, Credentials};
use likeness_server::practice::{self, PracticeServer};
use secrecy::SecretString;
use url::Url;
use zeroize::Zeroizing;

const SERVER: &str = "LIKENESS_KILLED_SERVER";
const KEYRING: &str = "LIKENESS_KILLED_KEYRING";
const KILLS: usize = 100;
/// Five times what anything here takes, and more.
const LIMIT: Duration = Duration::from_mins(1);
/// Longer than a client lives from its start to a handful of renewals, so that kills fall into every part of them.
const LATEST_KILL_US: u64 = 40_000;

// ---- the server's clock ----

/// The time there, moved between the client's lives.
#[derive(Clone)]
struct Passing(Arc<AtomicU64>);

impl likeness_server::Clock for Passing {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.load(Ordering::SeqCst))
    }
}

/// Noon of some day.
const NOON_MS: u64 = 1_800_000_000_000;
/// Together less than 90 days, after which every sign-in ends; the longest of them is longer than any grace.
const AWAY_MS: [u64; 5] = [0, 1_000, 31_000, 3_600_000, 4 * 24 * 3_600_000];

// ---- the keyring, on the other side of a socket ----

/// What the client sees of it. A write is there as a whole or not at all, which is what the system's keyrings promise too.
struct Far(SocketAddr);

impl Far {
    fn ask(&self, what: u8, secret: &[u8]) -> Result<Vec<u8>, VaultFault> {
        let talk = || -> std::io::Result<Vec<u8>> {
            let mut line = TcpStream::connect(self.0)?;
            let mut message = vec![what];
            message.extend_from_slice(secret);
            line.write_all(&message)?;
            line.shutdown(std::net::Shutdown::Write)?;
            let mut answer = Vec::new();
            line.read_to_end(&mut answer)?;
            Ok(answer)
        };
        talk().map_err(|_| VaultFault::Failed)
    }
}

impl SecretStore for Far {
    fn keeps(&self) -> Keeps {
        Keeps::InKeyring
    }

    fn load(&mut self, _: &Slot) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFault> {
        let kept = self.ask(b'l', &[])?;
        Ok((!kept.is_empty()).then(|| Zeroizing::new(kept)))
    }

    fn save(&mut self, _: &Slot, secret: &[u8]) -> Result<(), VaultFault> {
        // The length comes first: a message that was cut by the kill is no message.
        let length = u32::try_from(secret.len()).unwrap().to_be_bytes();
        self.ask(b's', &[&length, secret].concat()).map(drop)
    }

    fn clear(&mut self, _: &Slot) -> Result<(), VaultFault> {
        self.ask(b'c', &[]).map(drop)
    }

    fn reconnect(&mut self) {}
}

/// The other side: what it keeps, and whether it is at the moment too busy to keep anything.
struct Drawer {
    address: SocketAddr,
    kept: Arc<Mutex<Vec<u8>>>,
    busy: Arc<AtomicBool>,
    /// Hears of each wish to save that came while it was busy.
    wishes: Receiver<()>,
}

/// Answers clients until the test ends.
fn keyring() -> Drawer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let drawer = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&drawer);
    let busy = Arc::new(AtomicBool::new(false));
    let is_busy = Arc::clone(&busy);
    let (wish, wishes) = channel();
    std::thread::spawn(move || {
        let mut unanswered = Vec::new();
        for line in listener.incoming() {
            let Ok(mut line) = line else { continue };
            let mut message = Vec::new();
            if line.read_to_end(&mut message).is_err() {
                continue;
            }
            let mut drawer = drawer.lock().unwrap();
            match message.split_first() {
                Some((b's', _)) if is_busy.load(Ordering::SeqCst) => {
                    unanswered.push(line);
                    wish.send(()).unwrap();
                }
                Some((b'l', _)) => drop(line.write_all(&drawer)),
                Some((b's', rest)) if rest.len() >= 4 => {
                    let (length, secret) = rest.split_at(4);
                    if secret.len() == usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap() {
                        *drawer = secret.to_vec();
                    }
                }
                Some((b'c', _)) => drawer.clear(),
                _ => {}
            }
        }
    });
    Drawer { address, kept, busy, wishes }
}

// ---- the client ----

/// Started by the test below, never by hand: signs in from the keyring, says so, and renews until it is killed.
#[test]
#[ignore = "the client of `a_kill_while_renewing_signs_nobody_out`, started by it"]
fn client() {
    let server: Url = std::env::var(SERVER).expect("started by the other test").parse().unwrap();
    let keyring: SocketAddr = std::env::var(KEYRING).expect("started by the other test").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        say("starting");
        let account = Account::start(Api::new(&server).unwrap(), Box::new(Far(keyring)), Slot::practice());
        let state = account.restore().await;
        // The state alone could be that of somebody who is offline; the server's answer is the proof.
        match (matches!(state, Auth::SignedIn { .. }), account.api().me().await) {
            (true, Ok(_)) => say("signed in"),
            (_, answer) => say(&format!("signed out: {state:?}, {:?}", answer.err())),
        }
        while let Ok(authorised) = account.authorised().await {
            if account.renewed(authorised).await.is_err() {
                break;
            }
        }
        say("could not renew");
    });
}

fn say(line: &str) {
    println!("client: {line}");
    std::io::stdout().flush().unwrap();
}

struct Client(Child, BufReader<std::process::ChildStdout>);

impl Client {
    fn start(server: &Url, keyring: SocketAddr) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "client", "--nocapture", "--test-threads=1"])
            .env(SERVER, server.as_str())
            .env(KEYRING, keyring.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        Self(child, told)
    }

    /// The next thing it says about itself.
    fn says(&mut self) -> String {
        let mut line = String::new();
        while self.1.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.split_once("client: ") {
                return said.trim().to_owned();
            }
            line.clear();
        }
        "nothing, it ended".to_owned()
    }

    /// SIGKILL, at once.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        let mut rest = String::new();
        self.1.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains("could not renew"), "a renewal was refused before the kill: {rest}");
    }
}

// ---- the tests ----

struct Desk {
    server: PracticeServer,
    clock: Passing,
    drawer: Drawer,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// A server, and a keyring that holds a sign-in at it.
    fn signed_in() -> Self {
        let drawer = keyring();
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Passing(Arc::new(AtomicU64::new(NOON_MS)));
        let server = runtime.block_on(practice::start_at(folder.path(), clock.clone())).unwrap();
        runtime.block_on(async {
            let store = Box::new(Far(drawer.address));
            let account = Account::start(Api::new(&server.origin).unwrap(), store, Slot::practice());
            let learner = &server.accounts[0];
            let password = SecretString::from(learner.password.expose());
            account.sign_in_password(&learner.email, password, Arc::new(|_: &str| false)).await.unwrap();
        });
        Self { server, clock, drawer, runtime, _folder: folder }
    }
}

/// The worst moment: the server has given new tokens, and the keyring was asked but keeps the old ones for ever.
#[test]
fn a_kill_between_the_reply_and_the_keyring_signs_nobody_out_however_late_the_next_start_is() {
    let Desk { server, clock, drawer, runtime, _folder } = Desk::signed_in();
    for (life, away_ms) in AWAY_MS.into_iter().enumerate() {
        let before = drawer.kept.lock().unwrap().clone();
        drawer.busy.store(true, Ordering::SeqCst);
        let mut client = Client::start(&server.origin, drawer.address);
        assert_eq!(client.says(), "starting");
        drawer.wishes.recv_timeout(LIMIT).expect("it renews and wants to keep what it got");
        client.kill();
        assert_eq!(*drawer.kept.lock().unwrap(), before, "what the keyring holds was renewed already");
        clock.0.fetch_add(away_ms, Ordering::SeqCst);
        // Every other time it is killed there twice.
        if life % 2 == 0 {
            drawer.busy.store(false, Ordering::SeqCst);
            let mut client = Client::start(&server.origin, drawer.address);
            assert_eq!(client.says(), "starting");
            assert_eq!(client.says(), "signed in", "{away_ms} ms later");
            client.kill();
        }
    }
    runtime.block_on(server.stop()).unwrap();
}

#[test]
fn a_kill_while_renewing_signs_nobody_out() {
    let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(random);
    println!("LIKENESS_SEED={seed}");
    let mut chance = seed | 1;
    let Desk { server, clock, drawer, runtime, _folder } = Desk::signed_in();
    let (keyring, kept) = (drawer.address, drawer.kept);
    let first = kept.lock().unwrap().clone();
    let (mut before_ready, mut renewed) = (0, 0);
    for kill in 0..KILLS {
        let before = kept.lock().unwrap().clone();
        let mut client = Client::start(&server.origin, keyring);
        assert_eq!(client.says(), "starting", "kill {kill}");
        let wait_us = next(&mut chance) % LATEST_KILL_US;
        if kill % 2 == 0 {
            before_ready += 1;
        } else {
            assert_eq!(client.says(), "signed in", "after kill {kill}, LIKENESS_SEED={seed}");
        }
        std::thread::sleep(Duration::from_micros(wait_us));
        client.kill();
        if *kept.lock().unwrap() != before {
            renewed += 1;
        }
        clock.0.fetch_add(AWAY_MS[kill % AWAY_MS.len()], Ordering::SeqCst);
    }
    let mut last = Client::start(&server.origin, keyring);
    assert_eq!(last.says(), "starting");
    assert_eq!(last.says(), "signed in", "after the last kill, LIKENESS_SEED={seed}");
    last.kill();
    println!("{KILLS} kills, {before_ready} of them during the start; {renewed} clients had renewed before");
    assert_ne!(*kept.lock().unwrap(), first, "the kills must fall where tokens change");
    assert!(renewed > KILLS / 4, "the kills must fall where tokens change, not before");
    runtime.block_on(server.stop()).unwrap();
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

/// Xorshift: enough to spread moments.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
