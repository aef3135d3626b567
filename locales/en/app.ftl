# The window around every screen: header, footer, notices, names of screens, buttons that many screens share.

app-name = Likeness
app-skip = Skip to the content
app-practice = Practice
app-practice-explained = Practice mode: a server on this computer, nothing leaves it.
app-account = Account
app-sign-out = Sign out
app-finish = Finish and sign out
app-settings = Account settings
app-back = Back
app-verified-by = Your identity is checked by { $provider }.
app-privacy-line = Photos are taken live and sent encrypted.

# $number and $of are whole numbers, $name is the name of the screen.
title-step = Step { $number } of { $of }: { $name } – Likeness
title-plain = { $name } – Likeness
title-error = Error: { $title }
step-line = Step { $number } of { $of }

name-starting = Starting
name-stopped = Stopped
name-welcome = Welcome
name-before-you-begin = Before you begin
name-sign-in = Sign in
name-organisation = Log in with your organisation
name-guest = Sign in with your phone
name-invitation = Your invitation
name-waiting-for-keyring = Your computer’s password
name-home = Your profile
name-name = Your name
name-consent = Your consent
name-id-layout = Your ID
name-camera-check = Camera check
name-capture-face = Face photo
name-capture-id = ID photo
name-review-face = Check your face photo
name-review-id = Check your ID photo
name-check-answers = Check your answers
name-sending = Sending
name-sent = Received
name-fix-photo = What to fix
name-mailbox = Practice mailbox
name-settings-overview = Account settings
name-settings-browser = In your browser
name-settings-email = Your e-mail address
name-settings-password = Your password
name-settings-delete = Delete your account
name-settings-confirm = Confirm that it is you
name-settings-forgotten = A new password
name-settings-gone = Your account is deleted

action-continue = Continue
action-try-again = Try again
action-correct = Correct it
action-choose-camera = Choose another camera
action-open-camera-settings = Open camera settings
action-get-help = Get help
action-see-status = See your status
action-take-photo-again = Take the photo again
action-close = Close
action-change = Change
action-new-code = Send a new code
action-quit = Close Likeness
working = One moment…

notice-memory-only = You will have to sign in again after closing Likeness, because { $why ->
    [keyring-locked] the safe for passwords on this computer is locked
    [keyring-slow] the safe for passwords on this computer did not answer
    [keyring-refused] the safe for passwords on this computer refused
    [keyring-off] the safe for passwords is switched off
   *[keyring-absent] this computer has no safe for passwords
  }.
notice-memory-only-retry = Unlock it
notice-unsent-in-memory = Your photos have not been sent yet. Keep this window open until they are.
notice-practice-camera = This is the practice learner, a drawing. It is not your camera.
notice-virtual-camera = { $why ->
    [program] “{ $name }” is a program, not a camera: this computer says so. The reviewer will see that.
    [elsewhere] “{ $name }” gets its pictures from another device or over a network. The reviewer will see that.
   *[unclear] “{ $name }” may be a program, not a camera: this computer does not say where it is plugged in. The reviewer will see that.
  }
notice-other-camera = The camera you chose before is not plugged in. This is “{ $name }”.
notice-photos-anew = You were away for a while, and the time for your first photo ran out. Please take it again: you get new time at once.
notice-offline = There is no connection just now. What you see may be old.

welcome-title = Show that you are you
welcome-lead = Likeness checks your identity for your certificates: your name, a photo of your face and a photo of your ID. You do it once, for all your courses.
welcome-how = Both photos are taken here, with your camera. We guide you through each one.
welcome-part-name = Your name
welcome-part-face = Your face
welcome-part-id = Your ID

begin-title = Before you begin
begin-lead = It takes about three minutes. Have these ready:
begin-id = Your ID
begin-id-kinds = One of these, still valid: { $kinds }
begin-id-any = A photo ID that is still valid.
begin-light = A well-lit place
begin-light-more = Sit facing a window or a lamp, not with your back to it.
begin-camera = A camera
begin-camera-seen = We see one on this computer. It stays off until you agree.
begin-camera-missing = We see none on this computer. Plug one in, or use another device.
begin-live = The photos are taken live. Scans and files cannot be used.
begin-go = Start
begin-photos = What happens with my photos?
begin-photos-title = What happens with your photos
begin-photos-taken = They are taken only when you agree, and you look at each one before it is sent.
begin-photos-sent = They travel encrypted to { $provider } and are stored encrypted there.
begin-photos-seen = A person compares your face, your ID and your name, and decides. Nobody else sees them.
begin-photos-kept = How long they are kept stands in the text you are asked to agree to. You can withdraw later.
begin-provider-unknown = the organisation that checks you

other-device = Use another device
other-device-title = Going on with another device
other-device-how = Install Likeness on a computer that has a camera, and sign in with the same account.
other-device-carries = Your account and your name come with you.
other-device-photos = Photos that were not sent stay behind: you take them there.

starting-title = Starting Likeness
stopped-title = Likeness cannot go on
stopped-where = For the administrator: { $where }
