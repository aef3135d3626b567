//! USB/IP as the kernel's virtual host controller speaks it over a socket: 48-byte headers, big-endian, then data.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

const ATTACH: &str = "/sys/devices/platform/vhci_hcd.0/attach";
/// Bus 1, and the device behind port 0, as an exporting machine would number it; the next port has the next device.
const DEVICE_ID: u32 = 0x1_0002;
/// `USB_SPEED_HIGH`.
const HIGH_SPEED: u32 = 3;
const HEADER_BYTES: usize = 48;
/// More than any request of a camera driver; a larger one is a broken header.
const MOST_BYTES: usize = 1 << 20;

/// What a transfer answers when the bus failed (`-EPROTO`).
pub(crate) const BUS_ERROR: i32 = -71;
/// What a control request answers when it is not understood (`-EPIPE`: a stall).
pub(crate) const STALLED: i32 = -32;
/// What a cancelled transfer answers (`-ECONNRESET`).
pub(crate) const CANCELLED: i32 = -104;

/// A request of the driver.
pub(crate) enum Message {
    Submit { seq: u32, endpoint: u32, inward: bool, len: usize, setup: [u8; 8], data: Vec<u8> },
    Unlink { seq: u32, target: u32 },
}

pub(crate) fn controller_present() -> bool {
    Path::new(ATTACH).exists()
}

/// Whether a device of ours is still known to the kernel at this port. The port is free some time before the driver has let
/// go of the device that was in it; plugging in meanwhile leaves the driver waiting for ever.
pub(crate) fn still_known(port: u32) -> bool {
    let devices = fs::read_dir("/sys/bus/usb/devices").into_iter().flatten().flatten();
    let text = |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default().trim().to_owned();
    // The controller's ports are numbered from 1 in the kernel's names.
    let place = (port + 1).to_string();
    devices.map(|entry| entry.path()).any(|folder| {
        (text(&folder, "idVendor"), text(&folder, "idProduct")) == ours() && text(&folder, "devpath") == place
    })
}

/// Vendor and product, as the device descriptor has them.
fn ours() -> (String, String) {
    ("1209".into(), "0001".into())
}

/// Plugs the device in: the kernel gets one end of a socket, we keep the other.
pub(crate) fn plug(port: u32) -> io::Result<UnixStream> {
    let (ours, kernels) = UnixStream::pair()?;
    let device = DEVICE_ID + port;
    fs::write(ATTACH, format!("{port} {} {device} {HIGH_SPEED}", kernels.as_raw_fd()))?;
    Ok(ours)
}

fn word(header: &[u8; HEADER_BYTES], index: usize) -> u32 {
    let at = 4 * index;
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

/// Reads the next request.
pub(crate) fn read(mut socket: &UnixStream) -> io::Result<Message> {
    let mut header = [0u8; HEADER_BYTES];
    socket.read_exact(&mut header)?;
    let seq = word(&header, 1);
    match word(&header, 0) {
        1 => {
            let (inward, len) = (word(&header, 3) == 1, word(&header, 6) as usize);
            let mut data = Vec::new();
            if !inward {
                if len > MOST_BYTES {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                data.resize(len, 0);
                socket.read_exact(&mut data)?;
            }
            let mut setup = [0; 8];
            setup.copy_from_slice(&header[40..]);
            Ok(Message::Submit { seq, endpoint: word(&header, 4), inward, len, setup, data })
        }
        2 => Ok(Message::Unlink { seq, target: word(&header, 5) }),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn reply(mut socket: &UnixStream, kind: u32, seq: u32, status: i32, len: usize, data: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + data.len());
    for word in [kind, seq, 0, 0, 0, status.cast_unsigned(), len as u32] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.resize(HEADER_BYTES, 0);
    bytes.extend(data);
    socket.write_all(&bytes)
}

/// Answers a request for data, or one that only wants to know how it went.
pub(crate) fn answer(socket: &UnixStream, seq: u32, status: i32, data: &[u8]) -> io::Result<()> {
    reply(socket, 3, seq, status, data.len(), data)
}

/// Answers a request that brought `len` bytes.
pub(crate) fn accept(socket: &UnixStream, seq: u32, len: usize) -> io::Result<()> {
    reply(socket, 3, seq, 0, len, &[])
}

/// Answers a cancellation.
pub(crate) fn unlinked(socket: &UnixStream, seq: u32, status: i32) -> io::Result<()> {
    reply(socket, 4, seq, status, 0, &[])
}
