"""Walks the journey in an ordinary build of the app as a screen reader's user does: by the accessibility tree, with no driver inside.

Usage: by_ear.py APP   (inside a session bus and a display; prints one line a step, exit 1 when a step does not come)
Run with the system's Python: gi comes from Debian's python3-gi and gir1.2-atspi-2.0.
"""

import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

WITHIN_S = 120


def walk(node, depth=0):
    """Every node below, the window's own included; a node that vanished meanwhile is passed over."""
    if node is None or depth > 60:
        return
    yield node
    try:
        count = node.get_child_count()
    except Exception:
        return
    for index in range(count):
        try:
            child = node.get_child_at_index(index)
        except Exception:
            continue
        yield from walk(child, depth + 1)


def likeness(process):
    """The app's own tree, once it has one."""
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        app = desktop.get_child_at_index(index)
        try:
            if app is not None and app.get_process_id() == process.pid:
                return app
        except Exception:
            continue
    return None


def find(process, role, name):
    for node in walk(likeness(process)):
        try:
            if node.get_role_name() == role and name.lower() in (node.get_name() or "").lower():
                return node
        except Exception:
            continue
    return None


def wait(process, role, name):
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit(f"the app ended by itself with {process.returncode}")
        node = find(process, role, name)
        if node is not None:
            return node
        time.sleep(0.3)
    heard = sorted({f"{n.get_role_name()}: {n.get_name()}" for n in walk(likeness(process)) if n.get_name()})
    sys.exit(f"no {role} named {name!r} within {WITHIN_S} s. What is there:\n  " + "\n  ".join(heard))


def press(process, name):
    node = wait(process, "push button", name)
    print(f"press  {node.get_name()}", flush=True)
    if not Atspi.Action.do_action(node, 0):
        sys.exit(f"the button {name!r} has no action a screen reader could use")


def write(process, name, text):
    node = wait(process, "entry", name)
    print(f"write  {node.get_name()}", flush=True)
    node.grab_focus()
    time.sleep(0.5)
    # Without a window manager nobody gives the window the keyboard, so that is done here.
    window = subprocess.check_output(["xdotool", "search", "--onlyvisible", "--name", "Likeness"], text=True).split()[-1]
    subprocess.check_call(["xdotool", "windowfocus", "--sync", window])
    node.grab_focus()
    subprocess.check_call(["xdotool", "type", "--delay", "30", text])
    until = time.monotonic() + 10
    while Atspi.Text.get_text(node, 0, -1) != text:
        if time.monotonic() > until:
            sys.exit(f"the field {name!r} holds {Atspi.Text.get_text(node, 0, -1)!r} after typing {text!r}")
        time.sleep(0.1)


def main():
    process = subprocess.Popen([sys.argv[1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        press(process, "Continue")
        press(process, "Start")
        press(process, "learner@likeness.example")
        press(process, "Start")
        write(process, "Full name", "Ada Specimen")
        press(process, "Continue")
        press(process, "I agree")
        press(process, "ID card")
        press(process, "Same side")
        press(process, "Looks good")
        press(process, "Use this photo")
        time.sleep(2)
        press(process, "Use this photo")
        press(process, "Send")
        wait(process, "heading", "received")
        print("heard  the profile was received", flush=True)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


if __name__ == "__main__":
    main()
