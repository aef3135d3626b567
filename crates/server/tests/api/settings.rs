//! `server.toml`, the key file, the command line.

use likeness_server::{Server, Settings, SystemClock, settings::MailRoute};
use std::{
    fs,
    process::{Command, Output},
};

pub const GOOD: &str = r#"listen = "127.0.0.1:0"
public_url = "https://verify.corp.example"
data_dir = "data"
kek_file = "kek"
mail = "folder:mails"

[provider]
name = "Corp University"
terms_url = "https://corp.example/terms"
privacy_url = "https://corp.example/privacy"
help_address = "help@corp.example"
"#;

#[test]
fn a_bad_setting_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.toml");
    assert!(Settings::parse(GOOD, &file).is_ok());
    let smtp = "[smtp]\nhost = \"mail.corp.example\"\nport = 25\nencryption = \"none\"\nfrom = \"a@corp.example\"\n\n[provider]";
    #[rustfmt::skip]
    let table = [
        (GOOD.replace("data_dir", "datadir"),                                   3,  "datadir",      "unknown field"),
        (GOOD.replace("[provider]", "colour = 1\n[provider]"),                  7,  "colour",       "unknown field"),
        (GOOD.replace("\"127.0.0.1:0\"", "8780"),                               1,  "listen",       "expected a string"),
        (GOOD.replace("127.0.0.1:0", "localhost"),                              1,  "listen",       "an address and a port"),
        (GOOD.replace("https://verify", "http://verify"),                       2,  "public_url",   "only safe on loopback"),
        (GOOD.replace("verify.corp.example", "verify.corp.example/app"),        2,  "public_url",   "must be an origin"),
        (GOOD.replace("mail = \"folder:mails\"\n", ""),                         10, "smtp",         "is missing"),
        (GOOD.replace("folder:mails", "folder:data/mails"),                     5,  "mail",         "lies in `data_dir`"),
        (GOOD.replace("folder:mails", "mails"),                                 5,  "mail",         "must be \"folder:\""),
        (GOOD.replace("mail = \"folder:mails\"\n", "").replace("[provider]", smtp), 9, "encryption", "only allowed for a mail server on this machine"),
        (GOOD.replace("help@corp.example", "help"),                             11, "help_address", "must be an e-mail address"),
        (GOOD.replace("https://corp.example/terms", "http://corp.example"),     9,  "terms_url",    "must begin with https://"),
        (GOOD.replace("name = \"Corp University\"\n", ""),                      7,  "name",         "missing field"),
        (GOOD.replace("[provider]", "[limits]\nmax_bytes = 5\n[provider]"),     8,  "max_bytes",    "between 65536"),
        (GOOD.replace("[provider]", "virtual_cameras = \"maybe\"\n[provider]"), 7,  "virtual_cameras", "unknown variant"),
        ("listen = ".to_owned(),                                                1,  "listen",       ""),
    ];
    for (text, line, key, words) in table {
        let Err(error) = Settings::parse(&text, &file) else { panic!("accepted:\n{text}") };
        let said = error.to_string();
        assert!(
            said.contains(&format!("line {line}, key `{key}`")) && said.contains(words),
            "wanted line {line}, {key}, {words:?}: {said}"
        );
    }
}

fn program(folder: &std::path::Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_likeness-server"))
        .args(words)
        .current_dir(folder)
        .env_remove("LIKENESS_KEK_FILE")
        .output()
        .unwrap()
}

#[test]
fn the_program_ends_with_2_and_words_when_it_is_asked_wrongly() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.toml"), GOOD).unwrap();
    fs::write(folder.path().join("bad.toml"), GOOD.replace("kek_file", "kekfile")).unwrap();
    #[rustfmt::skip]
    let table = [
        (vec!["serve", "--config", "bad.toml"],       2, "line 4, key `kekfile`"),
        (vec!["serve", "--config", "none.toml"],      2, "cannot read none.toml"),
        (vec!["serve"],                               2, "--config is missing"),
        (vec!["dance"],                               2, "there is no command `dance`"),
        (vec!["serve", "--colour", "blue"],           2, "there is no option `--colour`"),
        (vec!["migrate", "--config", "good.toml"],    0, ""),
        (vec!["--help"],                              0, ""),
    ];
    for (words, code, said) in table {
        let output = program(folder.path(), &words);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
        assert!(text.contains(said), "{words:?}: {text}");
    }
    assert!(String::from_utf8(program(folder.path(), &["--help"]).stdout).unwrap().contains("likeness-server serve"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_key_file_is_private_and_apart() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (data, kek, mails) =
        (folder.path().join("data"), folder.path().join("kek"), MailRoute::Folder(folder.path().to_owned()));
    let settings = Settings::loopback(&data, &kek, mails.clone());
    Server::start(settings.clone(), SystemClock).await.unwrap().stop().await.unwrap();
    assert_eq!(fs::metadata(&kek).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = |result: Result<likeness_server::Running, likeness_server::ServerError>| {
        result.err().expect("refused").to_string()
    };
    assert!(refused(Server::start(settings, SystemClock).await).contains("can be read by others"));
    let inside = Settings::loopback(&data, data.join("kek"), mails);
    assert!(refused(Server::start(inside, SystemClock).await).contains("lies in the data folder"));
}

#[tokio::test]
async fn unsafe_combinations_do_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Settings::loopback(folder.path().join("data"), folder.path().join("kek"), MailRoute::Kept);
    let Err(kept) = Server::start(plain.clone(), SystemClock).await else { panic!("mails would stay unsent") };
    assert!(kept.to_string().contains("practice mode"), "{kept}");
    let mut open = plain;
    open.listen = "0.0.0.0:0".parse().unwrap();
    open.mail = MailRoute::Folder(folder.path().to_owned());
    let Err(open) = Server::start(open, SystemClock).await else { panic!("an origin nobody knows") };
    assert!(open.to_string().contains("public_url"), "{open}");
}
