//! Which camera is which: lists, names, identity, suspicion, and what is set on it.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use likeness_camera::{CameraError, CameraState, ControlWish, Device, DeviceRules, Purpose, Virtual, VirtualPolicy};

use crate::error::CaseError;
use crate::rig::{Order, Rig, v4l2_said};
use crate::table::ms;
use crate::watch::{LIMIT, camera, devices, now, open_live, the_device, until, until_code};

/// A driver that never answers costs five seconds and no more; afterwards trying again works.
pub(crate) fn list_hangs(rig: &mut dyn Rig) -> Result<String, CaseError> {
    let camera = camera();
    the_device(&camera)?;
    rig.say("slow-list")?;
    let began = now();
    let listed = camera.list();
    let took = began.elapsed();
    if !matches!(listed, Err(CameraError::ListTooSlow)) || took > Duration::from_secs(10) {
        return Err(CaseError::wrong(format!("{listed:?} after {} ms", ms(took))));
    }
    camera.open(None, Purpose::Check);
    let named = until_code(&camera, "camera-failed")?;
    rig.say("")?;
    std::thread::sleep(Duration::from_millis(100));
    let (_, live) = open_live(&camera)?;
    camera.quit();
    Ok(format!(
        "the list gave up after {} ms, opening after {} ms; live {} ms after trying again",
        ms(took),
        ms(named),
        ms(live)
    ))
}

/// Names and keys that no two of them share.
fn told_apart(devices: &[Device]) -> Result<String, CaseError> {
    let labels: HashSet<&str> = devices.iter().map(|device| device.label.as_str()).collect();
    let keys: HashSet<&str> = devices.iter().map(|device| device.key.as_str()).collect();
    let said: Vec<&str> = devices.iter().map(|device| device.label.as_str()).collect();
    if labels.len() != devices.len() || keys.len() != devices.len() {
        return Err(CaseError::wrong(format!("{said:?} cannot be told apart")));
    }
    Ok(said.join(", "))
}

pub(crate) fn twelve_cameras(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.say("nodes 12")?;
    let camera = camera();
    let devices = devices(&camera, 12)?;
    told_apart(&devices)
}

/// Both can be opened by what the list says, each is itself, and the list says the same when asked again.
pub(crate) fn two_of_one_name(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::Second)?;
    let camera = camera();
    let listed = devices(&camera, 2)?;
    let said = told_apart(&listed)?;
    for device in &listed {
        camera.open(Some(device.key.clone()), Purpose::Check);
        let opened =
            |state: &CameraState| matches!(state, CameraState::Live { device: live, .. } if live.key == device.key);
        until(&camera, &device.label, opened)?;
    }
    camera.close();
    let again: Vec<_> = devices(&camera, 2)?.into_iter().map(|device| device.key).collect();
    camera.quit();
    if again != listed.into_iter().map(|device| device.key).collect::<Vec<_>>() {
        return Err(CaseError::wrong("the second list has other keys"));
    }
    Ok(said)
}

/// With a serial number a camera is the same one wherever it is plugged in.
pub(crate) fn same_camera_elsewhere(rig: &mut dyn Rig) -> Result<String, CaseError> {
    rig.order(Order::WithSerial)?;
    let camera = camera();
    let before = the_device(&camera)?;
    camera.open(Some(before.key.clone()), Purpose::Check);
    until(&camera, "a live picture", CameraState::is_live)?;
    let hash = camera.facts().map(|facts| facts.id_hash);
    camera.close();
    rig.order(Order::Elsewhere)?;
    let after = the_device(&camera)?;
    if before.key != after.key {
        return Err(CaseError::wrong("another key at another place"));
    }
    camera.open(Some(before.key), Purpose::Check);
    until(&camera, "a live picture", CameraState::is_live)?;
    let same = camera.facts().map(|facts| facts.id_hash) == hash && hash.is_some();
    camera.quit();
    if same {
        Ok(format!("{:?} is itself at another place", after.label))
    } else {
        Err(CaseError::wrong("another hash"))
    }
}

/// Software is told by driver and place whatever it calls itself, and policy decides what follows.
pub(crate) fn software_cameras(rig: &mut dyn Rig) -> Result<String, CaseError> {
    #[rustfmt::skip]
    let table = [
        ("driver v4l2 loopback\nsysfs /devices/virtual\ncard OBS Virtual Camera", Virtual::Yes,       "a loopback"),
        ("driver v4l2 loopback\nsysfs /devices/virtual\ncard HD Webcam C920",     Virtual::Yes,       "a renamed loopback"),
        ("driver vivid\nsysfs /devices/platform/vivid.0",                         Virtual::Yes,       "the kernel's test driver"),
        ("sysfs /devices/platform/vhci_hcd.0/usb3/3-1/3-1:1.0",                   Virtual::Suspected, "USB with an unknown far end"),
        ("",                                                                      Virtual::No,        "a camera on a real bus"),
    ];
    let mut said = Vec::new();
    for (words, expected, because) in table {
        rig.say(words)?;
        for policy in [VirtualPolicy::Allow, VirtualPolicy::Flag, VirtualPolicy::Block] {
            let camera = camera();
            camera.set_rules(DeviceRules { virtual_cameras: policy, ..DeviceRules::default() });
            let found = the_device(&camera)?.virtual_camera;
            if found != expected {
                return Err(CaseError::wrong(format!("{because} is taken for {found:?}")));
            }
            if policy == VirtualPolicy::Block && expected != Virtual::No {
                camera.open(None, Purpose::Face);
                until_code(&camera, "camera-virtual-blocked")?;
            } else {
                open_live(&camera)?;
                let told = camera.facts().map(|facts| facts.virtual_camera);
                if told != Some(expected) {
                    return Err(CaseError::wrong(format!("the manifest would say {told:?} of {because}")));
                }
            }
            camera.quit();
        }
        said.push(format!("{because}: {}", expected.as_str()));
    }
    Ok(said.join("; "))
}

/// The product turns the automatics on and puts everything back as another program left it.
pub(crate) fn controls_put_back(_: &mut dyn Rig) -> Result<String, CaseError> {
    const LEFT: [(&str, i32); 5] =
        [("focus_auto", 0), ("focus_absolute", 40), ("exposure_auto", 3), ("zoom_absolute", 250), ("hflip", 1)];
    const WANTED: [(&str, i32); 3] = [("focus_auto", 1), ("zoom_absolute", 100), ("hflip", 0)];
    let path = std::env::var_os("FAKEV4L2_CONTROLS").map(PathBuf::from);
    let path = path.ok_or_else(|| CaseError::wrong("the double has no file of controls"))?;
    fs::write(&path, LEFT.map(|(name, value)| format!("{name} {value}\n")).concat())?;
    let outcome = set_and_put_back(&path, &LEFT, &WANTED);
    fs::write(&path, "")?;
    outcome
}

fn set_and_put_back(path: &PathBuf, left: &[(&str, i32)], wanted: &[(&str, i32)]) -> Result<String, CaseError> {
    let until_set = |values: &[(&str, i32)]| {
        let began = now();
        loop {
            let text = fs::read_to_string(path)?;
            let said = |(name, value): &(&str, i32)| text.lines().any(|line| line == format!("{name} {value}"));
            if values.iter().all(said) {
                return Ok(began.elapsed());
            }
            if began.elapsed() > LIMIT {
                return Err(CaseError::wrong(format!("the controls are {text:?}, {values:?} was expected")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let camera = camera();
    the_device(&camera)?;
    camera.open(None, Purpose::IdCard);
    until(&camera, "a live picture", CameraState::is_live)?;
    let set = until_set(wanted)?;
    let abilities = camera.abilities();
    if !(abilities.autofocus && abilities.focus && abilities.zoom) {
        return Err(CaseError::wrong(format!("the camera can more than {abilities:?}")));
    }
    camera.close();
    let back = until_set(left)?;
    camera.quit();
    Ok(format!("set {} ms after the first picture, as before {} ms after closing", ms(set), ms(back)))
}

/// The same through the kernel's own driver, which knows which value sleeps under which automatic; and the focus is sent.
pub(crate) fn controls_put_back_by_the_kernel(rig: &mut dyn Rig) -> Result<String, CaseError> {
    const AUTOMATIC: [&str; 4] =
        ["focus_automatic_continuous: 1", "auto_exposure: 3", "white_balance_automatic: 1", "zoom_absolute: 100"];
    const FAR: [&str; 2] = ["focus_automatic_continuous: 0", "focus_absolute: 250"];
    rig.order(Order::Turned)?;
    let left = controls_of_the_kernel()?;
    let until_said = |wanted: &[&str]| {
        let began = now();
        loop {
            let said = controls_of_the_kernel()?;
            if wanted.iter().all(|line| said.iter().any(|said| said == line)) {
                return Ok(ms(began.elapsed()));
            }
            if began.elapsed() > LIMIT {
                return Err(CaseError::wrong(format!("the controls are {said:?}, {wanted:?} was expected")));
            }
        }
    };
    let camera = camera();
    the_device(&camera)?;
    open_live(&camera)?;
    let set = until_said(&AUTOMATIC)?;
    camera.control(ControlWish::Focus(1.0));
    let sent = until_said(&FAR)?;
    camera.close();
    let back = until_said(&left.iter().map(String::as_str).collect::<Vec<_>>())?;
    camera.quit();
    Ok(format!("seen set after {set} ms, focus sent after {sent} ms, as before {back} ms after closing"))
}

fn controls_of_the_kernel() -> Result<Vec<String>, CaseError> {
    let said = v4l2_said(
        "-C focus_automatic_continuous,focus_absolute,auto_exposure,exposure_time_absolute,white_balance_automatic,\
         white_balance_temperature,zoom_absolute",
    )?;
    // Entries of a menu have their words behind the number.
    Ok(said.lines().filter_map(|line| line.split(" (").next()).map(str::to_owned).collect())
}
