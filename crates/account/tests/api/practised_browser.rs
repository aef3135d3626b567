//! A browser that keeps its cookie and presses what it sees on the practice provider's page. The tests of the whole journey use it too.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// Answer of a page.
pub struct Page {
    head: String,
    /// What is drawn.
    pub body: String,
}

impl Page {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

async fn fetch(address: &Url, cookie: &str, form: Option<String>) -> Page {
    let to: SocketAddr = address.socket_addrs(|| None).unwrap()[0];
    let mut stream = TcpStream::connect(to).await.unwrap();
    let target = &address[url::Position::BeforePath..];
    let method = if form.is_some() { "POST" } else { "GET" };
    let body = form.unwrap_or_default();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {to}\r\nCookie: {cookie}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Page { head: head.to_owned(), body: body.to_owned() }
}

/// What the provider's page sends when somebody is picked.
fn choice(html: &str, who: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for field in html.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        form.append_pair(name, &rest.split_once('"').unwrap().0.replace("&amp;", "&"));
    }
    let button = html.split("<button").find(|button| !who.is_empty() && button.contains(who));
    form.append_pair("sub", button.map_or("", |it| it.split("value=\"").nth(1).unwrap().split('"').next().unwrap()));
    form.finish()
}

/// Goes the way of the link as `who`; nobody means the button "refuse". Ends on the page that Likeness itself gives.
pub async fn browse(link: String, who: &str) -> Page {
    let last = browse_to_the_last_page(link, who).await;
    let (_, on) = last.body.split_once("id=\"on\" href=\"").unwrap_or_else(|| panic!("{}", last.body));
    let on = on.split('"').next().unwrap().replace("&amp;", "&");
    fetch(&Url::parse(&on).unwrap(), "", None).await
}

/// The same up to the server's last page, which leads back to Likeness in two ways; none of them is taken.
pub async fn browse_to_the_last_page(link: String, who: &str) -> Page {
    let away = fetch(&Url::parse(&link).unwrap(), "", None).await;
    let cookie = away.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let provider = Url::parse(away.header("location").unwrap()).unwrap();
    let form = choice(&fetch(&provider, "", None).await.body, who);
    let back = fetch(&provider.join("/authorize").unwrap(), "", Some(form)).await;
    let mut here = Url::parse(back.header("location").unwrap()).unwrap();
    loop {
        let page = fetch(&here, &cookie, None).await;
        let Some(location) = page.header("location") else { break page };
        here = here.join(location).unwrap();
    }
}
