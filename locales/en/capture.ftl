# The camera and the two photos. What is said about a single frame stands in hints.ftl.

camera-label = Camera
camera-practice = { $name } (practice)
camera-none-chosen = Choose a camera
camera-picture = Live picture from your camera
camera-off-title = Your camera is off
camera-off-lead = Likeness asks for it now. Your computer may ask you once more.
camera-turn-on = Turn on the camera
camera-starting = Turning on the camera…
camera-starting-lead = This can take a few seconds.

camera-check-title = Can you see yourself well?
camera-check-lead = Wipe the lens, face the light, and sit about an arm’s length away.
camera-check-go = Looks good
camera-check-dpi = At its best distance this camera shows a card with about { $dpi } dots per inch.

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
review-verdict-unknown = Something to look at: { $code }
