# The camera and the two photos. What is said about a single frame stands in hints.ftl.

camera-label = Camera
camera-choice = { $remark ->
    [practice] { $name } (practice)
    [program] { $name } (seems to be a program)
    [not-allowed] { $name } (not accepted here)
    [too-small] { $name } (too small for an ID)
    [infrared] { $name } (no colour)
    [in-use] { $name } (in use)
    [unusable] { $name } (cannot be used)
   *[none] { $name }
  }
camera-none-chosen = Choose a camera
camera-use = Use “{ $name }”
camera-this = This camera
camera-picture = Live picture from your camera
camera-off-title = Your camera is off
camera-off-lead = Likeness asks for it now. Your computer may ask you once more.
camera-turn-on = Turn on the camera
camera-starting = Turning on the camera…
camera-starting-lead = This can take a few seconds.
camera-asking = Your computer asks whether Likeness may use the camera.
camera-asking-lead = Choose “Allow” in its window. It goes on by itself.

camera-finding-shutter-closed = The little shutter in front of the camera is closed. Slide it open, or press the key with the camera on it.
camera-finding-covered = The picture is black. Is something in front of the lens, a shutter or a finger? If not, turn on a light.
camera-finding-glaring = The picture is white. Turn away from the lamp or window that shines straight into the camera.
camera-finding-no-colour = This camera shows no colour; it is made for the dark. The photos need one with colour.
camera-finding-tinted = This camera shows wrong colours. Another one is needed for the photos.

camera-check-title = Can you see yourself well?
camera-check-lead = Wipe the lens, face the light, and sit about an arm’s length away.
camera-check-go = Looks good
camera-card-plenty = This camera shows even the small print on an ID: up to { $dpi } dots per inch.
camera-card-enough = This camera can show an ID: up to { $dpi } dots per inch. Hold it in the outline and still, in good light.
camera-card-distance = Hold the ID about { $centimetres } cm away.
camera-card-too-little = Small print on an ID will be hard to read with this camera: it shows up to { $dpi } dots per inch, and 130 are needed. Bright light and holding it close help a little; another camera or device helps more.
camera-card-too-little-short = Small print will be hard to read: this camera shows up to { $dpi } dots per inch, and 130 are needed.
camera-card-plenty-short = This camera shows up to { $dpi } dots per inch.
camera-card-enough-short = Fill the outline with the ID: this camera shows up to { $dpi } dots per inch.

capture-face-title = Your face photo
capture-face-card-title = Your face, with your card beside it
capture-id-title = Your ID photo
capture-take = Take photo
capture-taking = Taking the photo…
capture-anyway = Take it anyway
capture-anyway-lead = Having trouble? A person will look at it.
capture-cancel = Cancel
capture-automatic = It is taken by itself when all is well.
capture-press = You can also press the button.
capture-hand-left = Use my left hand
capture-hand-right = Use my right hand
capture-light-off = Turn off the white light
capture-light-on = Turn on the white light
capture-waiting = Waiting for the camera
capture-warmup = One moment, the camera adjusts to the light
capture-look = One moment, looking closely
capture-steady = Good. Hold still.
capture-countdown = Hold still, taking the photo
capture-taken = Photo taken

review-face-title = Is your face easy to see?
review-id-title = Can you read every letter?
review-face-lead = This is the picture we send, as others see you.
review-id-lead = This is the picture we send.
review-face-picture = Your face photo
review-id-picture = The photo of your ID
review-good = What is good
review-weak = What could be better
review-use = Use this photo
review-use-weak = Use it anyway
review-retake = Take it again
review-closer = Look closer
review-whole = Show the whole picture
review-name = The card seems to say another name than you typed. Is the name right?
review-name-typed = You typed: { $name }
review-name-right = Yes, it is right
review-name-correct = Correct my name
review-name-thanks = Thank you. We keep the name you typed.
review-verdict-unknown = Something to look at: { $code }
