//! The face model that is missing, cut short or altered: the build says which, and what to type.

#[allow(dead_code, reason = "one of its problems arises only in the build script")]
#[path = "../../build/slices.rs"]
mod slices;

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of its own for this test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("likeness-vision-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file, what is said of it (`None` when it is good), and why.
type Row = (Option<Vec<u8>>, Option<&'static str>, &'static str);

#[test]
fn a_wrong_model_file_is_refused_with_the_command_to_run() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../ui/node_modules/@mediapipe/face_mesh/face_mesh_solution_packed_assets.data");
    let elsewhere = std::env::var_os(slices::ELSEWHERE).map(PathBuf::from);
    let good = fs::read(elsewhere.unwrap_or(assets)).expect("this crate was built from it");
    let altered = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        Some(bytes)
    };
    #[rustfmt::skip]
    let table: [Row; 7] = [
        // file                              said, `None` when it is good     because
        (Some(good.clone()),                 None,                            "the file npm brings"),
        (None,                               Some("face model not found"),    "nobody ran npm"),
        (Some(Vec::new()),                   Some("not the expected one"),    "an empty file"),
        (Some(good[..3_900_000].to_vec()),   Some("face_detector.tflite"),    "a download that broke off"),
        (altered(3_757_224),                 Some("face_detector.tflite"),    "one bit at the beginning of the detector"),
        (altered(3_737_847),                 Some("face_mesh.tflite"),        "one bit at the end of the mesh"),
        (altered(0),                         None,                            "a network that is not used may be anything"),
    ];
    let folder = folder("model");
    for (bytes, said, because) in table {
        let file = folder.join("assets.data");
        let _ = fs::remove_file(&file);
        if let Some(bytes) = bytes {
            fs::write(&file, bytes).unwrap();
        }
        let found = slices::cut(&file, &folder).map_err(|problem| problem.to_string()).err();
        match (&found, said) {
            (None, None) => {}
            (Some(found), Some(said)) => {
                assert!(found.contains(said) && found.contains("Run: npm ci --prefix ui"), "{because}: {found}");
                assert!(!found.contains('\n'), "{because}: cargo shows one line: {found}");
            }
            _ => panic!("{because}: {found:?} instead of {said:?}"),
        }
    }
    for slice in &slices::SLICES {
        assert!(folder.join(slice.name).is_file(), "{} is written", slice.name);
    }
    let unwritable = folder.join("no such folder");
    let assets = folder.join("assets.data");
    fs::write(&assets, &good).unwrap();
    let said = slices::cut(&assets, &unwritable).err().map(|problem| problem.to_string()).unwrap_or_default();
    assert!(said.starts_with("cannot write"), "a folder that cannot be written to: {said}");
    fs::remove_dir_all(&folder).unwrap();
}
