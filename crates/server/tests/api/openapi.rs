//! The published description of the API is the one this version serves.

use std::path::Path;

#[test]
fn the_document_in_the_repository_is_this_versions() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let stored = std::fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
    let made = likeness_server::openapi_json().unwrap();
    assert!(
        stored == made,
        "docs/openapi.json is out of date; make it anew: cargo run -p likeness-server -- openapi > docs/openapi.json"
    );
    for route in ["/oauth/challenge", "/v1/uploads/{id}", "/v1/verification-profile", "/v1/review/{id}/decision"] {
        assert!(made.contains(&format!("\"{route}\"")), "{route}");
    }
    assert!(!made.contains("/practice"), "practice routes are nobody else's business");
}
