# The consent text as it is shown before the camera is opened. Its hash is recorded with the consent: a changed word asks everybody anew.
# $provider: name of the organisation. $help: e-mail address for help. $approved-days, $rejected-days, $unbound-hours: how long things are kept.

consent-body =
    { $provider } asks for two photos to confirm who you are: one of your face, and one of your ID held up to this device's camera. With them goes the full name you type.

    A person at { $provider } compares the face, the ID and the name, and decides. No computer recognises your face: no face template is made or stored. Nobody else sees the photos.

    If your ID shows a barcode that holds your name, Likeness may read that name on this computer, compare it with the name you type, and forget it. With the photos goes only whether the two agree.

    The photos are encrypted on the server. They are deleted { $approved-days } days after an approval and { $rejected-days } days after a rejection; photos that were sent but never handed in are deleted after { $unbound-hours } hours. The decision, the name it was given for and the record of how the photos were taken are kept.

    You may withdraw this consent at any time in Likeness. Then the photos, the profile and its decision are deleted at once, and an approval no longer counts.

    Questions: { $help }.
