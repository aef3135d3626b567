//! Why a battery could not run. A case that failed is no error; it is in the report.

use std::path::PathBuf;

use thiserror::Error;

/// What is in the way, and what to do about it.
#[derive(Debug, Error)]
pub(crate) enum GuestError {
    #[error("use: likeness-guest [shim|guest|all]")]
    Call,
    #[error("{program} is missing: apt-get install {package}")]
    Missing { program: &'static str, package: &'static str },
    #[error("{0} did not succeed:\n{1}")]
    Failed(String, String),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("the kernel package has no module {0}: the guest needs Debian's linux-image-amd64, not the cloud flavour")]
    NoModule(String),
    #[error("no package named by linux-image-amd64 was found: apt-get update, then try again")]
    NoKernel,
}

/// Adds the path to a file error.
pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> GuestError {
    let path = path.into();
    move |error| GuestError::File { path, error }
}
