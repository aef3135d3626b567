//! A camera of the kernel's kind without a kernel: the app itself runs on it, by a library that is loaded before it (`tests/devices/fakev4l2`).
//!
//! What stands before it is the drawn learner, and on the wall behind them three letters, so that a mirrored picture cannot pass for a straight one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use likeness_camera::encode_rgb;
use likeness_studio::{PracticeLearner, Script};

/// Pictures of one loop: more than the eight that a repeated one is looked for in.
const PICTURES: u32 = 20;
/// Side of one dot of a letter.
const DOT_PX: usize = 12;
/// Where the letters begin, from the upper left corner.
const CORNER_PX: (usize, usize) = (48, 48);

/// "ABC" in dots, five columns a letter and one between them.
const ABC: [&str; 7] = [
    " ###  ####   ### ",
    "#   # #   # #   #",
    "#   # #   # #    ",
    "##### ####  #    ",
    "#   # #   # #    ",
    "#   # #   # #   #",
    "#   # ####   ### ",
];

/// The camera, its pictures and its orders.
pub struct FakeCamera {
    orders: PathBuf,
    /// The program to start in place of the app: the app with the camera before it.
    pub app: PathBuf,
    /// One of the pictures, as the camera sees it: not mirrored.
    pub seen: Vec<u8>,
    /// Width and height of the pictures.
    pub size_px: (u16, u16),
}

impl FakeCamera {
    /// Puts everything into `folder`. `variables`: what else the camera says of itself, as `FAKEV4L2_…`.
    pub fn new(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let library = Path::new(env!("CARGO_BIN_EXE_likeness")).with_file_name("libfakev4l2.so");
        assert!(library.exists(), "{} is missing; make it: cargo build -p likeness-fakev4l2", library.display());
        let frames = folder.join("frames");
        fs::create_dir_all(&frames).expect("the folder of pictures can be made");
        let heads = Path::new(env!("CARGO_TARGET_TMPDIR")).join("practice-heads");
        let mut learner = PracticeLearner::new(7, Some(heads));
        assert!(learner.wait_until_drawn(Duration::from_mins(3)), "the learner must be drawn in time");
        learner.set_pace(100.0);
        learner.begin(Script::Neutral);
        let (width_px, height_px) = learner.size_px();
        let mut rgb = Vec::new();
        for number in 0..PICTURES {
            learner.draw(Duration::from_mins(1) + Duration::from_millis(66) * number, &mut rgb);
            write_on_the_wall(&mut rgb, usize::from(width_px));
            let jpeg = encode_rgb(&rgb, width_px, height_px, 88).expect("a drawn picture can be encoded");
            fs::write(frames.join(format!("{number:02}.jpg")), jpeg).expect("a picture can be written");
        }
        let orders = folder.join("orders");
        fs::write(&orders, "go\n").expect("the orders can be written");
        let said: Vec<String> = variables.iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        let script = format!(
            "#!/bin/sh\nexec env LD_PRELOAD={library:?} FAKEV4L2_MODES='MJPG {width_px}x{height_px}@30' \
             FAKEV4L2_FRAMES={frames:?} FAKEV4L2_CTL={orders:?} {} {:?} \"$@\"\n",
            said.join(" "),
            env!("CARGO_BIN_EXE_likeness")
        );
        let app = folder.join("likeness-before-the-fake-camera");
        fs::write(&app, script).expect("the program can be written");
        fs::set_permissions(&app, fs::Permissions::from_mode(0o755)).expect("and made one");
        Self { orders, app, seen: rgb, size_px: (width_px, height_px) }
    }

    /// From now on the camera does this; the words are those of `tests/devices/fakev4l2/src/world.rs`.
    pub fn order(&self, what: &str) {
        // Into another file first: the camera may read at any moment, and half an order is none.
        let fresh = self.orders.with_extension("new");
        fs::write(&fresh, format!("{what}\n")).expect("an order can be written");
        fs::rename(&fresh, &self.orders).expect("and given");
    }
}

/// White letters on a dark board.
fn write_on_the_wall(rgb: &mut [u8], width_px: usize) {
    let columns = ABC[0].len() + 2;
    for (row, line) in std::iter::once("").chain(ABC).chain([""]).enumerate() {
        for column in 0..columns {
            let lit = column > 0 && line.as_bytes().get(column - 1) == Some(&b'#');
            let shade = if lit { 245 } else { 20 };
            for y in 0..DOT_PX {
                let start = ((CORNER_PX.1 + row * DOT_PX + y) * width_px + CORNER_PX.0 + column * DOT_PX) * 3;
                rgb[start..start + DOT_PX * 3].fill(shade);
            }
        }
    }
}
