# Why a profile was not approved: what was wrong, and what to do. Mail, window and review desk use the same two sentences.
# The reviewer's own words of the code `other` come beside them, as plain text.

reason-face-too-dark-what = Your face is too dark to see clearly.
reason-face-too-dark-do = Turn on a lamp in front of you.
reason-face-blurred-what = Your face is not sharp.
reason-face-blurred-do = Hold still and let the camera settle.
reason-face-not-visible-what = Part of your face is covered or outside the picture.
reason-face-not-visible-do = Take off what covers your face and sit in the middle.
reason-more-than-one-person-what = Somebody else is in the picture.
reason-more-than-one-person-do = Make sure that only you are in view.
reason-photo-side-missing-what = The photo side of your ID is not visible beside your face.
reason-photo-side-missing-do = Hold the side with your photo next to your face.
reason-id-not-legible-what = The text on your ID cannot be read.
reason-id-not-legible-do = Hold the card closer, until the text is sharp.
reason-id-cropped-what = A corner of your ID is cut off.
reason-id-cropped-do = Show all four corners.
reason-id-covered-what = A finger or another thing covers your ID.
reason-id-covered-do = Hold the card by its edges.
reason-id-glare-what = Light reflects on your ID.
reason-id-glare-do = Tip the top edge towards you.
reason-id-wrong-side-what = This side does not show your name.
reason-id-wrong-side-do = Show the side with your name.
reason-id-expired-what = Your ID is out of date.
reason-id-expired-do = Use an ID that is still valid.
reason-id-type-not-accepted-what = We cannot accept this kind of document.
# $types is the list of accepted documents, or `none` where it is not known.
reason-id-type-not-accepted-do = { $types ->
    [none] Use another kind of ID.
   *[some] Use one of: { $types }.
  }
reason-name-mismatch-what = The name on your ID differs from the name you typed.
reason-name-mismatch-do = Correct the name, or use the ID with that name.
reason-face-mismatch-what = We could not match your face with the photo on the ID.
reason-face-mismatch-do = Take both photos again in good light.
reason-not-live-capture-what = The picture seems not to come from a live camera.
reason-not-live-capture-do = Use this device’s own camera, without other camera programs.
reason-other-what = The reviewer left you a note.
reason-other-do = Please read it and do as it says.
