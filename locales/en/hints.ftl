# The one thing to say while a photo is being framed. The person and the card move; left and right are the learner's own.
# $amount: cm, little, hand or arm. $cm: whole centimetres, only with cm. $side: left, right, up, down, closer or away.
# At most twelve words, the move in it, no blame. Never "phone" or "device" for the camera.

## The camera
hint-camera-none = No camera was found. Plug one in, or use another device.
hint-camera-in-use = Another program is using the camera. Close it, or use another device.
hint-camera-denied = This app may not use the camera. Allow it, or use another device.
hint-camera-lost = The camera was unplugged. Plug it in again, or use another device.
hint-camera-stalled = The camera stopped sending. Unplug it and plug it in again, or use another device.
hint-camera-not-moving = The picture is frozen. Start the camera again, or use another device.
hint-camera-damaged-frames = The camera sends broken pictures. Try another cable or socket, or use another device.
hint-camera-unsupported = This camera’s pictures are too small. Choose another camera, or use another device.
hint-camera-failed = The camera does not work. Start it again, or use another device.

## Nothing in view
hint-picture-black = The picture is black. Is the lens covered?
hint-picture-white = The picture is all white. Turn away from the light.
hint-no-face = Sit facing the camera, with your face in the oval.
hint-no-card = Hold your card up inside the outline.

## Who and what is in the picture
hint-second-person = Only you should be in the picture. { $side ->
    [left] Someone is left of you.
    [right] Someone is right of you.
   *[other] Someone is beside you.
}
hint-card-not-needed = No card in this photo. It comes next.
hint-card-not-in-outline = Hold your card’s photo side in the outline, beside your face.
hint-wrong-side = That is the photo side. Turn the card over.
hint-no-portrait = Show the side with your photo.
hint-upside-down = Turn the card the right way up.

## Distance
hint-face-too-far = { $amount ->
    [cm] Move about { $cm } cm closer.
    [hand] Move about a hand’s width closer.
    [arm] Move an arm’s length closer.
   *[little] Move a little closer.
}
hint-face-too-close = { $amount ->
    [cm] Move about { $cm } cm back.
    [hand] Move about a hand’s width back.
    [arm] Move an arm’s length back.
   *[little] Move a little back.
}
hint-camera-limit = This camera cannot show the small print. Try another camera.
hint-card-too-far = { $amount ->
    [cm] Bring the card about { $cm } cm closer.
    [hand] Bring the card about a hand’s width closer.
    [arm] Bring the card an arm’s length closer.
   *[little] Bring the card a little closer.
}
hint-card-too-close = { $amount ->
    [cm] Move the card about { $cm } cm away, until the print is sharp.
    [hand] Move the card about a hand’s width away.
    [arm] Move the card an arm’s length away.
   *[little] Move the card a little away, until the print is sharp.
}

## Place
hint-face-left = Move a little to your right.
hint-face-right = Move a little to your left.
hint-face-high = Sit a little lower.
hint-face-low = Sit a little higher.
hint-card-cut-off = Show all four corners of the card.
hint-card-left = Move the card to your right.
hint-card-right = Move the card to your left.
hint-card-high = Move the card down.
hint-card-low = Move the card up.

## Pose
hint-turn-head = Look straight at the camera.
hint-chin = { $side ->
    [up] Raise your chin.
   *[down] Lower your chin.
}
hint-head-tilt = Hold your head upright.
hint-card-tilted = Hold the card flat towards the camera.
hint-card-turned = Hold the card level.
hint-eyes-closed = Open your eyes.

## Light
hint-light-behind = The light is behind you. Turn so that it is in front.
hint-too-dark = Turn on a lamp in front of you.
hint-too-bright = Too much light. Turn away from it.
hint-side-light = One side of your face is in shadow. Turn towards the light.
hint-glare = Light shines on the card. Tip its top edge towards you.
hint-card-burnt = The card is too bright. Turn it from the lamp.
hint-card-dark = Too dark to read your card. Turn on a lamp.

## Sharpness
hint-hold-still = Hold still.
hint-out-of-focus = { $side ->
    [closer] Not sharp yet. Bring the card a little closer.
    [away] Not sharp yet. Move the card a little away.
   *[other] The picture is not sharp yet. Hold still for a moment.
}
hint-wipe-lens = The picture is soft. Wipe the lens.

## Details
hint-mouth-open = Close your mouth.
hint-text-hidden = Hold the card by its edges, the print is covered.

## All is well
hint-hold = Good. Hold still.
hint-taken = Photo taken.
hint-take-anyway = Having trouble? Take it as it is; a person looks at it.

## What is good or weak about a photo, on the review screen
verdict-face-clear = Your face is clear.
verdict-face-unclear = Your face is not quite clear.
verdict-face-well-lit = The light is good.
verdict-face-poorly-lit = The light could be better.
verdict-card-whole = The whole card is in the picture.
verdict-card-not-whole = The card is not wholly in the picture.
verdict-text-readable = The print can be read.
verdict-text-unclear = The print may be hard to read.
verdict-card-without-glare = No reflections on the card.
verdict-card-with-glare = Light reflects on the card.
