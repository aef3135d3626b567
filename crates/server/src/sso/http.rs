//! Asking providers over the network: the only place from which the server calls out on behalf of a sign-in.
//!
//! Guarantees: https, or http to a literal loopback address; no redirect is followed; an answer has 1 MiB and 10 s; an address of a private network
//! is not spoken to unless the provider itself was set up there, so that a provider's own metadata cannot send the server around inside the house.
//! A name is looked up once and the address that was judged is the one that is used.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
    vec,
};
use tower_service::Service;
use url::{Host, Url};

/// Largest answer of a provider.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Longest time for one request, answer included.
const WITHIN: Duration = Duration::from_secs(10);

/// Why a provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// No https, or a private address.
    #[error("this address may not be asked")]
    Refused,
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Connection(String),
    /// No whole answer in time.
    #[error("no answer within 10 s")]
    TooSlow,
    /// More than 1 MiB.
    #[error("the answer is too long")]
    TooLong,
    /// This system has no certificates to trust.
    #[error("this system has no certificates to trust: {0}")]
    NoCertificates(Arc<io::Error>),
}

/// How far a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the whole internet, none of a private network or this machine.
    Public,
    /// Everything: the provider was set up on a private address.
    Private,
}

impl Reach {
    /// As far as the provider's own address lies: who set it up on this machine or in the house meant that.
    pub fn of_issuer(issuer: &Url) -> Self {
        match issuer.host() {
            Some(Host::Ipv4(address)) if !is_public(address.into()) => Self::Private,
            Some(Host::Ipv6(address)) if !is_public(address.into()) => Self::Private,
            _ => Self::Public,
        }
    }
}

/// Asks providers.
#[derive(Default)]
pub struct Web {
    secure: OnceLock<Result<[Secure; 2], Arc<io::Error>>>,
}

type Secure = Client<HttpsConnector<HttpConnector<Lookup>>, Full<Bytes>>;

/// A web that reaches as far as one provider may be asked.
pub struct Line<'web> {
    web: &'web Web,
    reach: Reach,
}

impl<'call> AsyncHttpClient<'call> for Line<'_> {
    type Error = WebError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WebError>> + Send + 'call>>;

    fn call(&'call self, request: HttpRequest) -> Self::Future {
        Box::pin(self.web.call(self.reach, request))
    }
}

impl Web {
    /// The web for one provider.
    pub fn line(&self, reach: Reach) -> Line<'_> {
        Line { web: self, reach }
    }

    /// One request, as the OIDC library asks for it.
    async fn call(&self, reach: Reach, request: HttpRequest) -> Result<HttpResponse, WebError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| WebError::Refused)?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
            _ => None,
        };
        if literal.is_some_and(|address| reach == Reach::Public && !is_public(address)) {
            return Err(WebError::Refused);
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = match url.scheme() {
            "https" => {
                let client = self.secure(reach)?.clone();
                tokio::time::timeout(WITHIN, read(client.request(request))).await
            }
            "http" if literal.is_some_and(|address| address.is_loopback()) => {
                let client =
                    Client::builder(TokioExecutor::new()).build(HttpConnector::new_with_resolver(Lookup(reach)));
                tokio::time::timeout(WITHIN, read(client.request(request))).await
            }
            _ => return Err(WebError::Refused),
        };
        answer.map_err(|_| WebError::TooSlow)?
    }

    fn secure(&self, reach: Reach) -> Result<&Secure, WebError> {
        let made = self.secure.get_or_init(|| Ok([secure(Reach::Public)?, secure(Reach::Private)?]));
        let [public, private] = made.as_ref().map_err(|why| WebError::NoCertificates(Arc::clone(why)))?;
        Ok(if reach == Reach::Public { public } else { private })
    }
}

fn secure(reach: Reach) -> Result<Secure, Arc<io::Error>> {
    let mut connector = HttpConnector::new_with_resolver(Lookup(reach));
    connector.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .try_with_platform_verifier()
        .map_err(|error| Arc::new(io::Error::other(error)))?
        .https_only()
        .enable_http1()
        .wrap_connector(connector);
    // Sign-ins are rare; a kept connection would mostly be one the provider has closed.
    Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
}

async fn read(answer: hyper_util::client::legacy::ResponseFuture) -> Result<HttpResponse, WebError> {
    let (parts, body) = answer.await.map_err(|error| WebError::Connection(causes(&error)))?.into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            WebError::TooLong
        } else {
            WebError::Connection(error.to_string())
        }
    })?;
    Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
}

/// The error and what caused it, outermost first: the outermost one alone says "client error".
fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Looks names up and lets only addresses through that may be spoken to.
#[derive(Debug, Clone, Copy)]
struct Lookup(Reach);

impl Service<Name> for Lookup {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move {
            let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = all.filter(|address| reach == Reach::Private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the name has no public address"));
            }
            Ok(allowed.into_iter())
        })
    }
}

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special-purpose registry of RFC 6890, without what is reachable globally.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || first == 0
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second))
        || first >= 240;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Addresses that carry one of the old kind are judged by it (RFC 4291 section 2.5.5.2, RFC 6052, RFC 3056).
    let [first, second, third, .., last_but_one, last] = address.segments();
    let old = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (first, second) {
        (0, 0) => address.to_ipv4_mapped().is_some_and(is_public_v4),
        (0x64, 0xFF9B) => is_public_v4(old(last_but_one, last)),
        (0x2002, _) => is_public_v4(old(second, third)),
        // Documentation, and benchmarking and other special ranges of 2001::/23.
        (0x2001, 0x0DB8 | 0..=0x01FF) => false,
        // Everything handed out so far to be reached globally begins with the bits 001 (RFC 4291, section 2.4).
        _ => first & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openidconnect::http::Request;

    #[test]
    fn private_addresses_are_known_in_every_disguise() {
        #[rustfmt::skip]
        let table = [
            ("93.184.215.14",            true,  "an ordinary address"),
            ("127.0.0.1",                false, "this machine"),
            ("10.1.2.3",                 false, "a private network"),
            ("172.31.255.255",           false, "a private network"),
            ("172.32.0.1",               true,  "just beyond it"),
            ("192.168.1.1",              false, "a private network"),
            ("169.254.169.254",          false, "a cloud's own metadata"),
            ("100.64.0.1",               false, "behind a carrier's translation"),
            ("0.0.0.0",                  false, "this host"),
            ("198.18.0.1",               false, "benchmarks"),
            ("224.0.0.1",                false, "multicast"),
            ("255.255.255.255",          false, "broadcast"),
            ("2606:4700::1111",          true,  "an ordinary address of the new kind"),
            ("::1",                      false, "this machine"),
            ("::",                       false, "nothing"),
            ("fe80::1",                  false, "this link"),
            ("fd00::1",                  false, "a private network"),
            ("ff02::1",                  false, "multicast"),
            ("::ffff:10.0.0.1",          false, "an old private address inside"),
            ("::ffff:93.184.215.14",     true,  "an old public address inside"),
            ("64:ff9b::a00:1",           false, "an old private address behind a translator"),
            ("2002:a00:1::1",            false, "an old private address in a tunnel"),
            ("2001:db8::1",              false, "documentation"),
        ];
        for (address, expected, because) in table {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{because}: {address}");
        }
    }

    #[tokio::test]
    async fn what_may_not_be_asked_is_not_asked() {
        #[rustfmt::skip]
        let table = [
            (Reach::Public,  "https://127.0.0.1/",          "this machine"),
            (Reach::Public,  "https://[::1]/",              "this machine"),
            (Reach::Public,  "https://169.254.169.254/",    "a cloud's own metadata"),
            (Reach::Public,  "http://93.184.215.14/",       "not encrypted"),
            (Reach::Private, "http://10.0.0.1/",            "not encrypted, inside the house"),
            (Reach::Private, "http://localhost/",           "a name can mean another machine"),
            (Reach::Private, "ftp://127.0.0.1/",            "another language"),
        ];
        for (reach, url, because) in table {
            let request = Request::builder().uri(url).body(Vec::new()).unwrap();
            let refused = Web::default().call(reach, request).await;
            assert!(matches!(refused, Err(WebError::Refused)), "{because}: {url}");
        }
        let by_name = Lookup(Reach::Public).call("localhost".parse().unwrap()).await;
        assert_eq!(by_name.unwrap_err().kind(), io::ErrorKind::PermissionDenied, "a name of a private address");
        assert!(Lookup(Reach::Private).call("localhost".parse().unwrap()).await.is_ok());
        for (issuer, expected) in [
            ("https://login.corp.example", Reach::Public),
            ("http://127.0.0.1:9100", Reach::Private),
            ("https://10.0.0.7", Reach::Private),
            ("https://8.8.8.8", Reach::Public),
        ] {
            assert_eq!(Reach::of_issuer(&issuer.parse().unwrap()), expected, "{issuer}");
        }
    }
}
