//! What each stage costs on this machine. Run: `cargo test --release -p likeness-vision --lib cost -- --ignored --nocapture`.
//! Times are those the processor spent on this thread, which other programs on the machine lengthen least.

use crate::face::FaceAnalyser;
use crate::net::tests::each_path;
use crate::people::Sweep;
use crate::{Colour, Lens, Picture, Plane};

#[cfg(unix)]
pub(crate) fn processor_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Elsewhere the clock on the wall must do.
#[cfg(not(unix))]
#[allow(clippy::disallowed_methods, reason = "time is what is measured here")]
pub(crate) fn processor_ms() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1e3
}

/// Milliseconds of one call: the lowest tenth, which is what it costs when nothing else runs on the machine.
fn cost_ms(calls: usize, mut call: impl FnMut()) -> f64 {
    call();
    let mut times: Vec<f64> = (0..calls)
        .map(|_| {
            let before = processor_ms();
            call();
            processor_ms() - before
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[calls / 10]
}

/// Mean milliseconds of the five frames of a round: four that follow and one that looks again. Each of the five is
/// timed alone, because a whole round is rarely left in peace.
fn round_ms(mut frame: impl FnMut()) -> f64 {
    let mut rounds = [const { Vec::new() }; 5];
    for _ in 0..20 {
        for times in &mut rounds {
            let before = processor_ms();
            frame();
            times.push(processor_ms() - before);
        }
    }
    let lowest = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 10]
    };
    rounds.iter_mut().map(lowest).sum::<f64>() / 5.0
}

fn figure(name: &str, value_ms: f64) {
    println!("figure {name} = {value_ms:.2} ms");
}

#[test]
#[ignore = "prints times; cargo xtask bench vision asks for it"]
fn cost_of_the_networks() {
    for (path, mut detector, mut mesh) in each_path() {
        // Of zeros some sums become so small that the CPU computes them in another, slow way.
        detector.input().iter_mut().zip(0..).for_each(|(value, at)| *value = (at % 97) as f32 / 48.5 - 1.0);
        mesh.input().iter_mut().zip(0..).for_each(|(value, at)| *value = (at % 97) as f32 / 97.0);
        figure(&format!("detector_{path}"), cost_ms(60, || assert!(!detector.run().is_empty())));
        figure(&format!("mesh_{path}"), cost_ms(60, || assert!(!mesh.run().is_empty())));
    }
}

#[test]
#[ignore = "prints times; cargo xtask bench vision asks for it"]
fn cost_of_a_frame() {
    figure("load", cost_ms(9, || assert!(FaceAnalyser::new().is_ok())));
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080)] {
        let scene = likeness_studio::Scene::face(7, width, height);
        let mut rgb = Vec::new();
        likeness_studio::render(&scene, &mut rgb).unwrap();
        let luma: Vec<u8> = rgb.chunks_exact(3).map(|pixel| pixel[1]).collect();
        let neutral = vec![128; luma.len() / 4];
        let plane = |bytes, halved| Plane::new(bytes, width / halved, height / halved, width / halved).unwrap();
        let colour = Colour::Planar { u: plane(&neutral, 2), v: plane(&neutral, 2), shift_x: 1, shift_y: 1 };
        let picture = Picture { luma: plane(&luma, 1), colour };
        let lens = Lens::assumed(width, height);
        let mut analyser = FaceAnalyser::new().unwrap();
        assert!(analyser.analyse(&picture, &lens).main.is_some(), "the measured frame has a face");
        figure(&format!("face_mean_{width}x{height}"), round_ms(|| drop(analyser.analyse(&picture, &lens))));
        figure(&format!("find_{width}x{height}"), cost_ms(30, || drop(analyser.find(&picture, None))));
        figure(&format!("people_next_{width}x{height}"), cost_ms(36, || drop(analyser.people(&picture, Sweep::Next))));
        figure(&format!("people_all_{width}x{height}"), cost_ms(5, || drop(analyser.people(&picture, Sweep::All))));
        analyser.cost_of_stages(&picture, &lens, &mut |stage, call| {
            figure(&format!("{stage}_{width}x{height}"), cost_ms(30, call));
        });
    }
}
