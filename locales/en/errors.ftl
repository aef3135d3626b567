# One entry per code of ui/src/errors/table.ts: the cause, and in `.do` what to do about it. No apology, no blame.

error-invalid-credentials = The e-mail address and the password do not belong together.
    .do = Check both and try once more.
error-too-many-attempts = Too many tries in a short time.
    .do = { $number ->
        [0] Wait a few minutes, then try again.
        [one] Wait one minute, then try again.
       *[other] Wait { $number } minutes, then try again.
      }
error-network-dns = The server’s address was not found.
    .do = Check that this computer is online, then try again.
error-network-connect = The server cannot be reached.
    .do = Check that this computer is online, then try again. Nothing you entered is lost.
error-network-timeout = The server takes too long to answer.
    .do = Try again in a moment. Nothing you entered is lost.
error-tls-untrusted = The connection is not safe: somebody on the way cannot prove who they are.
    .do = Use another network, or ask the people who look after this one.
error-captive-portal = This network asks you to log in first.
    .do = Open a web page in your browser, log in to the network, then try again.
error-server-unavailable = The server is busy or being looked after.
    .do = Try again in a few minutes. Nothing you entered is lost.
error-session-ended = Your sign-in has ended.
    .do = Sign in again to go on.
error-account-disabled = This account is closed.
    .do = The people who help can tell you more.
error-clock-wrong = The clock of this computer is wrong, so no safe connection can be made.
    .do = Set date and time, then try again.
error-proxy-auth-required = This network lets nobody out without a password of its own.
    .do = Ask the people who look after the network.
error-consent-stale = The text you agreed to has changed.
    .do = Read the new text and decide again.
error-capture-session-expired = The time for taking photos is over.
    .do = Try again: you get new time at once.
error-name-empty = Your name is missing.
    .do = Write your full name.
error-name-too-long = This name is too long.
    .do = Use at most { $number ->
        [0] 200
       *[other] { $number }
      } characters.
error-name-characters = There is a character in it that cannot be part of a name.
    .do = Remove line breaks and invisible characters.
error-camera-none = No camera was found.
    .do = Plug one in, or look for a key or slider that switches the built-in one off.
error-camera-in-use = Another program is using the camera.
    .do = Close the other program, such as a video call, then try again.
error-camera-denied = This computer does not let Likeness use the camera.
    .do = { $system ->
        [windows] In the settings, turn on “Camera access” and “Let desktop apps access your camera”. Then come back here.
        [macos] In the settings, turn on Likeness under “Camera”. Then come back here.
       *[linux] Ask the people who look after this computer to let your account use cameras. On most systems that is the group “video”.
      }
error-camera-restricted = Your organisation does not let programs use the camera of this computer.
    .do = Use another device, or ask the people who look after this one.
error-camera-lost = The camera was unplugged.
    .do = Plug it in again: it goes on by itself, and no photo is lost. Or use another camera.
error-camera-stalled = The camera sends no pictures.
    .do = Unplug it, plug it in again, then try again.
error-camera-not-moving = The camera sends the same picture again and again.
    .do = Choose another camera.
error-camera-damaged-frames = The pictures arrive damaged.
    .do = Plug the camera straight into another socket of the computer.
error-camera-unsupported = The pictures of this camera are too small for an ID.
    .do = Choose another camera.
error-camera-virtual-blocked = “{ $name }” seems to be a program, not a camera. Your organisation accepts only cameras.
    .do = Choose another camera, or use another device.
error-virtual-camera = Your organisation does not accept these photos, because their camera seems to be a program.
    .do = Take them again with another camera. Everything else is kept.
error-synthetic-camera = These photos are drawings for practice. They cannot prove who you are.
    .do = Take them again with a camera.
error-camera-failed = The camera reports a fault.
    .do = Unplug it, plug it in again, then try again.
error-photos-outdated = These photos can no longer be sent.
    .do = Take them again. It takes a minute.
error-resubmission-closed = This profile cannot be sent again from here.
    .do = The people who help can tell you how to go on.
error-already-in-review = A profile of yours is being checked already.
    .do = Wait for the decision. You need not send anything.
error-already-approved = You are verified already.
    .do = There is nothing more to do.
error-photo-refused = The server cannot use this photo.
    .do = Take it again.
error-photo-already-used = This photo was sent before.
    .do = Take a new one.
error-upload-refused = The server did not take the photos.
    .do = Try again. If it happens once more, get help.
error-request-refused = That did not work from here.
    .do = Try again. If it happens once more, get help.
error-client-too-old = This version of Likeness is too old for the server.
    .do = Install the newest version.
error-host-timeout = Likeness did not answer in time.
    .do = Try again. If it happens once more, close Likeness and open it again.
error-unknown = Something went wrong that Likeness has no words for.
    .do = Try again later, or get help.
error-request-id = Reference for support: { $id }
error-server-address = The address of the server is not one Likeness may use.
    .do = It must begin with https://. Ask the people who gave it to you.
error-server-not-set = Likeness does not know which server to talk to.
    .do = Ask your organisation for its installer of Likeness, or for the address.
error-practice-server-failed = The practice server could not be started.
    .do = Check that this computer’s disk is not full, then start Likeness again.
error-tls-unavailable = This computer has no list of certificates it trusts, so no safe connection can be made.
    .do = Ask the people who look after this computer to install the package ca-certificates.
error-reply-malformed = The server’s answer cannot be understood.
    .do = Likeness or the server needs an update. The people who help can tell you which.
error-no-randomness = This computer gave no random numbers, so nothing can be kept secret.
    .do = Restart the computer, then try again.
error-sign-in-busy = A sign-in is still running.
    .do = Wait a moment, then try again.
error-sign-in-cancelled = The sign-in was stopped.
    .do = Sign in again to go on.
error-keyring-refused = You are signed out, but this computer’s safe for passwords would not forget the sign-in.
    .do = Try again, or remove the entry "Likeness sign-in" in your system’s password program.
error-step-up-required = You signed in a while ago.
    .do = Type your password once more, then go on.
error-password-wrong = This is not your password.
    .do = Type it once more. If you have forgotten it, sign out and ask for a new one.
error-password-too-weak = This password cannot be used.
    .do = Use 8 to 128 characters, without your e-mail address and without the name Likeness.
error-email-invalid = This address cannot be used.
    .do = Type another one, for example ada@corp.example.
error-code-wrong = This code is not right.
    .do = Look at the newest mail and type the code once more. After five wrong tries it ends.
error-code-expired = This code has ended.
    .do = Ask for a new one.
error-export-not-saved = The file could not be saved.
    .do = Check that the disk is not full, then try again.
error-last-sign-in-method = This is your only way to sign in.
    .do = Set a password first.
error-identity-managed-by-organisation = Your organisation manages this way to sign in.
    .do = The people who help can tell you more.
